"""Imports lancedb without the clients of its cloud service, which take as long as all the rest of it.

Every class of those clients is built by pydantic when `lance_namespace_urllib3_client.api` is imported:
0.85 of 1.6 s, in each program that opens a store. A local store never calls one.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

PACKAGE = "lance_namespace_urllib3_client"
CLIENTS = {
    "branch_api": "BranchApi",
    "data_api": "DataApi",
    "index_api": "IndexApi",
    "materialized_view_api": "MaterializedViewApi",
    "metadata_api": "MetadataApi",
    "namespace_api": "NamespaceApi",
    "table_api": "TableApi",
    "tag_api": "TagApi",
    "transaction_api": "TransactionApi",
}


def import_lancedb() -> Any:
    """Return the module `lancedb`, imported without those clients where nobody has imported them before."""
    if "lancedb" not in sys.modules and PACKAGE not in sys.modules:
        _without_clients()
    import lancedb

    return lancedb


def _without_clients() -> None:
    """Import the package around stand-ins; one that has changed its clients is imported as it is."""
    stand_ins = {f"{PACKAGE}.api": ModuleType(f"{PACKAGE}.api")}
    for module, client in CLIENTS.items():
        stand_ins[f"{PACKAGE}.api.{module}"] = ModuleType(f"{PACKAGE}.api.{module}")
        setattr(stand_ins[f"{PACKAGE}.api.{module}"], client, type(client, (), {}))
    sys.modules.update(stand_ins)
    try:
        __import__(PACKAGE)
    except ImportError:
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]
    finally:
        for name in stand_ins:
            sys.modules.pop(name, None)

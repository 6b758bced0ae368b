"""What the light import promises: the same lancedb, without what only its cloud service needs."""

from __future__ import annotations

import subprocess
import sys

LOADED = """
import sys
from infra.store.light_import import PACKAGE, import_lancedb
lancedb = import_lancedb()
import lance
print(lancedb.__version__, sum(name.startswith(PACKAGE + ".api.") for name in sys.modules))
"""
WHOLE = """
import sys
import infra.store.light_import as light
light.CLIENTS = {**light.CLIENTS, "branch_api": "RenamedApi"}
print(light.import_lancedb().__version__, f"{light.PACKAGE}.api.branch_api" in sys.modules)
"""


def told(program: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_lancedb_is_imported_without_the_clients_of_its_cloud() -> None:
    assert told(LOADED)[1] == "0"


def test_a_version_with_other_clients_is_imported_as_it_is() -> None:
    assert told(WHOLE)[1] == "True"

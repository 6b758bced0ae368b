"""An API key: who its holder is, and what it opens. The key itself is kept nowhere, only its hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

import pyarrow as pa

from schemas.context import Principal
from schemas.document import PRIMARY_KEY, TIMESTAMP

Scope = Literal["read", "feedback", "push", "admin"]
"""read: ask, and read what one may; feedback: judge answers; push: write documents; admin: see the logs."""

SCOPES: tuple[Scope, ...] = get_args(Scope)
DEFAULT_SCOPES: tuple[Scope, ...] = ("read", "feedback")

KEY = pa.schema(
    [
        pa.field("name", pa.string(), nullable=False, metadata=PRIMARY_KEY),
        pa.field("hash", pa.string(), nullable=False),  # sha256 of the key, which has 256 random bits
        pa.field("user", pa.string()),  # null: anonymous
        pa.field("groups", pa.list_(pa.string()), nullable=False),
        pa.field("scopes", pa.list_(pa.string()), nullable=False),
        pa.field("created_at", TIMESTAMP, nullable=False),
        pa.field("revoked_at", TIMESTAMP),
    ]
)
"""One row is one API key; a revoked one stays, so that its name is not given again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An API key as it is listed: never the key itself."""

    name: str
    principal: Principal
    scopes: frozenset[str]
    created_at: datetime
    revoked_at: datetime | None = None

    def as_dict(self) -> dict[str, object]:
        """Return it as scripts read it."""
        return {
            "name": self.name,
            "user": self.principal.user,
            "groups": list(self.principal.groups),
            "scopes": sorted(self.scopes),
            "created_at": self.created_at.isoformat(),
            "revoked_at": self.revoked_at.isoformat() if self.revoked_at else None,
        }

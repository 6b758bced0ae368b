"""API keys: made, revoked and looked up by their hash; the keys themselves are kept nowhere."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

import pyarrow as pa

from infra.store.connection import Store
from infra.store.lock import locked
from infra.store.rows import put_rows
from infra.store.sync import sync_to_disk
from schemas.context import Principal
from schemas.errors import ConfigError, NotFoundError
from schemas.key import KEY, Key

TABLE = "keys"
PREFIX = "hw_"
BYTES = 32


def add_key(store: Store, name: str, principal: Principal, scopes: Collection[str], *, now: datetime) -> str:
    """Make a key and return it: this is the only time that it can be seen.

    Raises ConfigError for a name that another key has or had.
    """
    made = PREFIX + secrets.token_urlsafe(BYTES)
    with locked(store, TABLE):
        if name in {key.name for key in keys(store)}:
            raise ConfigError(f"there is a key named {name!r} already", fix="give it another name")
        _put(store, _row(Key(name=name, principal=principal, scopes=frozenset(scopes), created_at=now), made))
    return made


def revoke_key(store: Store, name: str, *, now: datetime) -> Key:
    """Close a key for good. Raises NotFoundError naming the keys there are."""
    with locked(store, TABLE):
        rows = {row["name"]: row for row in _rows(store)}
        if name not in rows:
            there = ", ".join(sorted(rows)) or "none"
            raise NotFoundError(
                f"there is no key {name!r} (there are: {there})", fix="see `headwater keys list`"
            )
        row = rows[name] | {"revoked_at": rows[name]["revoked_at"] or now}
        _put(store, row)
    return _key(row)


def keys(store: Store) -> list[Key]:
    """Return every key that was ever made, by name."""
    return [_key(row) for row in _rows(store)]


def keys_by_hash(store: Store) -> dict[str, Key]:
    """Return every key by its hash, revoked ones too; read again only when one was made or revoked."""
    return {row["hash"]: _key(row) for row in _rows(store)}


def hash_of(key: str) -> str:
    """Return what of a key is kept. No salt and no slow hash: nobody guesses 256 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()


def _put(store: Store, row: dict[str, Any]) -> None:
    put_rows(store.ensure(TABLE, KEY), "name", pa.Table.from_pylist([row], schema=KEY))
    sync_to_disk(store.uri)


def _rows(store: Store) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = store.derived(TABLE, lambda: store.scan(TABLE).to_pylist())
    return sorted(rows, key=lambda row: str(row["name"]))


def _row(key: Key, made: str) -> dict[str, Any]:
    return {
        "name": key.name,
        "hash": hash_of(made),
        "user": key.principal.user,
        "groups": list(key.principal.groups),
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "revoked_at": None,
    }


def _key(row: dict[str, Any]) -> Key:
    return Key(
        name=row["name"],
        principal=Principal(user=row["user"], groups=tuple(row["groups"])),
        scopes=frozenset(row["scopes"]),
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
    )

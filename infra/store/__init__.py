"""Where released tables, logs and caches live: LanceDB, and nothing else, behind one door."""

from infra.store.connection import Store

__all__ = ["Store"]

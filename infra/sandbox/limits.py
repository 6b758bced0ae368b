"""How much one item may take."""

from __future__ import annotations

from dataclasses import dataclass, fields

from schemas.errors import ConfigError

MIB = 2**20
GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits for one item, except the last two, which are a child's."""

    timeout_s: float = 60
    """By the clock, whatever the child waits for."""
    cpu_s: int = 60
    memory_bytes: int = GIB
    """Resident, the child and its own children together, above what it holds before its first item."""
    output_bytes: int = 50 * MIB
    """The reply, as JSON."""
    file_bytes: int = 256 * MIB
    """The largest file it may write."""
    open_files: int = 256
    start_s: float = 120
    """Until the function is imported and the child is ready."""
    lifetime_items: int = 2_000
    """Items after which a child is replaced, so that leaks stay small."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) <= 0:
                raise ConfigError(f"the limit `{field.name}` is not above 0", fix="raise it, or leave it out")

"""What one item may cost."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one child, for one item unless said otherwise."""

    timeout_s: float = 60.0
    """Wall time; then the child and everything it started is killed."""
    memory_bytes: int = 1024 * MIB
    """Resident memory above what the child had before its first item."""
    address_space_bytes: int = 8 * 1024 * MIB
    """Virtual memory: parsers' libraries map far more than they use, so it only stops the absurd."""
    output_bytes: int = 50 * MIB
    """Size of a reply."""
    file_bytes: int = 512 * MIB
    """Largest file a child may write."""
    open_files: int = 256
    lifetime_items: int = 2_000
    """A child is replaced after so many items, whatever its libraries leak."""

    def __post_init__(self) -> None:
        """Refuse a limit that lets nothing pass."""
        for name in ("timeout_s", "memory_bytes", "output_bytes", "lifetime_items"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0")

"""Files that are zip archives inside (docx, pptx, xlsx, epub), opened only when they are safe to unpack."""

from __future__ import annotations

import io
import zipfile

from schemas.quarantine import Reason, Rejected

UNPACKED_MAX = 200_000_000
"""Bytes of all parts together; the largest honest Office files stay well below."""
RATIO_MAX = 200
"""Unpacked over packed; deflate reaches 1,000 on a bomb, and about 20 on a long text."""
SMALL = 10_000_000
"""Unpacked bytes that are harmless at any ratio: a short file of repeated words packs very well."""
PARTS_MAX = 20_000


def open_zip(content: bytes) -> zipfile.ZipFile:
    """Return the archive; raises Rejected(CORRUPT) when it is none, Rejected(TOO_LARGE) when it is a bomb.

    The sizes checked are the declared ones; reading a part never gives more than it declares.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        old = content.startswith(b"\xd0\xcf\x11\xe0")
        hint = "; it is an old Office file or protected by a password" if old else ""
        raise Rejected(Reason.CORRUPT, f"not a zip archive: {error}{hint}") from None
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    if unpacked > UNPACKED_MAX or len(parts) > PARTS_MAX:
        raise Rejected(Reason.TOO_LARGE, f"unpacks to {unpacked:,} bytes in {len(parts):,} parts")
    if unpacked > SMALL and unpacked > RATIO_MAX * len(content):
        raise Rejected(Reason.TOO_LARGE, f"{len(content):,} bytes that unpack to {unpacked:,}")
    return archive


def read_part(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """Return one part's bytes, or None when the archive has no such part; Rejected(CORRUPT) if unreadable."""
    try:
        return archive.read(name)
    except KeyError:
        return None
    except Exception as error:  # noqa: BLE001 - zlib, lzma and zipfile raise classes that share no base
        raise Rejected(Reason.CORRUPT, f"part {name!r} of the archive cannot be read: {error}") from None

from __future__ import annotations

import struct
import zipfile

import pytest

from schemas.quarantine import Reason, Rejected
from tests.transforms.parsers.made import zipped
from transforms.parsers.zips import PARTS_MAX, SMALL, open_zip, read_part


def reason_of(content: bytes) -> Reason:
    with pytest.raises(Rejected) as caught:
        open_zip(content)
    return caught.value.reason


def test_an_archive_gives_its_parts_and_none_for_those_it_lacks() -> None:
    archive = open_zip(zipped({"a": "words"}))

    assert (read_part(archive, "a"), read_part(archive, "b")) == (b"words", None)


def test_a_bomb_is_rejected_by_its_declared_size_before_it_is_unpacked() -> None:
    assert reason_of(zipped({"a": b"0" * 201_000_000})) is Reason.TOO_LARGE


def test_a_ratio_that_only_a_bomb_has_is_rejected() -> None:
    assert reason_of(zipped({"a": b"0" * (SMALL + 1)})) is Reason.TOO_LARGE


def test_a_small_file_may_pack_as_well_as_it_likes() -> None:
    assert read_part(open_zip(zipped({"a": b"0" * SMALL})), "a") == b"0" * SMALL


def test_too_many_parts_are_rejected() -> None:
    assert reason_of(zipped({str(n): b"" for n in range(PARTS_MAX + 1)})) is Reason.TOO_LARGE


def test_a_part_that_is_larger_than_it_declares_is_corrupt() -> None:
    honest = zipped({"a": b"0" * 5_000_000})
    lying = honest.replace(struct.pack("<L", 5_000_000), struct.pack("<L", 1_000))

    with pytest.raises(Rejected, match="cannot be read") as caught:
        read_part(open_zip(lying), "a")

    assert caught.value.reason is Reason.CORRUPT


@pytest.mark.parametrize(
    "content", [b"PK", b"PK\x03\x04" + b"x" * 50, b"x" * 100, b"PK\x05\x06" + b"\xff" * 18]
)
def test_what_is_no_archive_is_corrupt(content: bytes) -> None:
    assert reason_of(content) is Reason.CORRUPT


def test_an_old_or_locked_office_file_is_called_that() -> None:
    with pytest.raises(Rejected, match="password"):
        open_zip(b"\xd0\xcf\x11\xe0" + b"\x00" * 600)


def test_damage_inside_a_part_is_corrupt() -> None:
    content = bytearray(zipped({"a": bytes(range(256)) * 40}))
    content[60:90] = b"\xff" * 30

    with pytest.raises(Rejected) as caught:
        read_part(zipfile.ZipFile(open_zip(bytes(content)).fp), "a")  # type: ignore[arg-type]

    assert caught.value.reason is Reason.CORRUPT

"""Personal data that has a shape: addresses, numbers, keys. What has a checksum must pass it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

from transforms.personal.found import Found
from transforms.personal.phones import phones

MAILBOXES = frozenset(
    re.findall(
        r"[\w-]+",
        "abuse admin billing careers contact facilities feedback finance git hello help hostmaster hr info "
        "it jobs legal marketing news noc no-reply noreply office orders people postmaster press privacy "
        "purchasing root sales security service support team webmaster",
    )
)
"""Mailboxes of a function, not of a person: RFC 2142's, and those that companies have."""

EMAIL = re.compile(r"(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.)+[^\W\d_][\w-]{1,23}(?<!-)\b")
CARD = re.compile(r"(?<![\w.-])[3-6](?:[ -]?\d){12,18}(?![\w-]|\.\d)")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])")
NINO = re.compile(
    r"\b(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"
)
IPV4 = re.compile(
    r"(?<![\w.-])(?<!\bversion )(?<!\brelease )(?<!\bVersion )(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)"
)
IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
MAC = re.compile(r"(?<![\w:-])(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])")
WALLET = re.compile(r"\b(?:bc1[02-9ac-hj-np-z]{11,71}|0x[0-9a-fA-F]{40})\b")
SECRET = re.compile(
    r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|xox[abprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}"
    r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----"
)

IBAN_DIGITS = 97
LUHN_DIGITS = range(13, 20)


def patterned(text: str) -> list[Found]:
    """Return what has the shape of personal data, and passes the checksum where there is one."""
    return [*_matched(text), *phones(text)]


def _matched(text: str) -> Iterator[Found]:
    for kind, pattern, holds in CHECKED:
        for match in pattern.finditer(text):
            said = match.group()
            if holds(said):
                yield Found(type=kind, start=match.start(), end=match.end(), text=said)


def _is_persons(address: str) -> bool:
    return re.split(r"[+@]", address.lower(), maxsplit=1)[0] not in MAILBOXES


def _is_card(said: str) -> bool:
    """Luhn's checksum, over as many digits as cards have; not one digit over and over."""
    digits = [int(one) for one in said if one.isdecimal()]
    doubled = [2 * one if n % 2 else one for n, one in enumerate(reversed(digits))]
    total = sum(one - 9 if one > 9 else one for one in doubled)  # noqa: PLR2004 - Luhn's own digit sum
    return len(digits) in LUHN_DIGITS and total % 10 == 0 and len(set(digits)) > 1


def _is_iban(said: str) -> bool:
    """ISO 7064 over the number with its first four characters last, letters as numbers."""
    plain = said.replace(" ", "")
    return int("".join(str(int(one, 36)) for one in plain[4:] + plain[:4])) % IBAN_DIGITS == 1


def _is_host(said: str) -> bool:
    """Tell whether it names a machine: not any, not one itself, and not `1.2.3.4`, a version."""
    try:
        found = ipaddress.ip_address(said)
    except ValueError:
        return False
    if found.version == 4 and max(found.packed) < 10:  # noqa: PLR2004 - the version of the protocol; one digit
        return False
    return not (found.is_unspecified or found.is_loopback or found.is_multicast or found.is_reserved)


def _is_there(_: str) -> bool:
    return True


CHECKED: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("SECRET", SECRET, _is_there),
    ("EMAIL", EMAIL, _is_persons),
    ("IBAN", IBAN, _is_iban),
    ("CARD", CARD, _is_card),
    ("ID", SSN, _is_there),
    ("ID", NINO, _is_there),
    ("IP", IPV4, _is_host),
    ("IP", IPV6, _is_host),
    ("MAC", MAC, _is_there),
    ("WALLET", WALLET, _is_there),
)

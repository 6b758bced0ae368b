"""Personal data in texts: found by patterns, checksums and known names, and replaced by typed placeholders.

No model reads the text: a name that neither the data itself nor a phrase around it gives away is not found.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import sha256

from transforms.personal.found import Found, apart
from transforms.personal.names import KnownNames, introduced
from transforms.personal.patterns import patterned

DIGITS = 6
"""Of a placeholder's hash: among ten thousand subjects about three pairs share one."""

PLACEHOLDER = re.compile(rf"<[A-Z_]+_[0-9a-f]{{{DIGITS}}}>")

Finder = Callable[[str], list[Found]]


def finder(names: Iterable[str] = (), allow: Iterable[str] = ()) -> Finder:
    """Return what finds personal data in a text: spans in order, none inside another.

    `names` are people the data itself names, such as authors; `allow` are globs of what is no secret, such
    as `*@support.acme.test`.
    """
    known, allowed = KnownNames(names), tuple(glob.lower() for glob in allow)

    def find(text: str) -> list[Found]:
        found = [*patterned(text), *known.find(text), *introduced(text)]
        return apart(one for one in found if not any(fnmatchcase(one.text.lower(), glob) for glob in allowed))

    return find


@dataclass(kw_only=True)
class Redactor:
    """Replaces personal data by placeholders: with one key, one subject is the same one everywhere."""

    find: Finder
    key: bytes
    counts: Counter[str] = field(default_factory=Counter)
    """What was replaced, by type."""

    def redacted(self, text: str) -> str:
        """Return a text with a placeholder, such as `<EMAIL_3fa2c1>`, for everything that was found."""
        parts, at = list[str](), 0
        for one in self.find(text):
            self.counts[one.type] += 1
            parts += [text[at : one.start], self.placeholder(one)]
            at = one.end
        return "".join([*parts, text[at:]])

    def placeholder(self, one: Found) -> str:
        """Return what stands for a subject: its type, and a hash that nobody without the key can make."""
        said = hmac.new(self.key, f"{one.type}\0{one.subject}".encode("utf-8", "surrogatepass"), sha256)
        return f"<{one.type}_{said.hexdigest()[:DIGITS]}>"


def has_placeholder(text: str) -> bool:
    """Tell whether something in a text was replaced."""
    return PLACEHOLDER.search(text) is not None

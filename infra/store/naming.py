"""Names of releases: given by a person, unique, and a reason to keep a release when others thin out."""

from __future__ import annotations

import re

from infra.store import releases
from infra.store.connection import Store
from infra.store.repair import publishing
from infra.store.sync import sync_to_disk
from schemas.errors import ConfigError
from schemas.release import Release

NAME = re.compile(r"[^\W\d_][\w.+-]{0,63}")
"""Letters first, so that no name can be taken for a number; no spaces, so that none has to be quoted."""


def give_name(store: Store, number: int, name: str, *, wait_s: float = 60.0) -> Release:
    """Name a release, in place of the name it had; an empty name takes its name away.

    Raises ConfigError for a name that another release has or that is no name, NotFoundError for an unknown
    release, BusyError when a publisher does not end in time.
    """
    if name and not NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot name a release",
            fix="start with a letter; at most 64 letters, digits and . _ + -",
        )
    with publishing(store, wait_s=wait_s):
        before = releases.get(store, number)
        _check_free(store, number, name)
        if (before.name or "") != name:
            table = store.open(releases.TABLE)
            table.update(where=f"release = {int(number)}", values={"name": name or None})
            sync_to_disk(store.uri)
        return releases.get(store, number)


def _check_free(store: Store, number: int, name: str) -> None:
    for release in releases.releases(store):
        if name and release.name == name and release.release != number:
            raise ConfigError(
                f"release {release.release} is named {name!r} already",
                fix=f'choose another, or take it away first: headwater release name {release.release} ""',
            )

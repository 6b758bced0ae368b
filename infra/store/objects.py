"""Single objects of a store on object storage: what Lance has no call for, such as locks, reports and sizes.

The one place for `obstore`, which only such a store needs: the extra `s3` brings it. Tried on S3's protocol;
Google's and Azure's storage are reached by the same calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from schemas.errors import ConfigError, UnavailableError

CLIENT = ("allow_http", "allow_invalid_certificates", "connect_timeout", "proxy_url", "timeout", "user_agent")
"""Storage options that say how to connect, which `obstore` takes apart from the others."""
ADDRESSED = ("aws_", "google_", "azure_")
BARE = ("endpoint", "region", "access_key_id", "secret_access_key", "session_token", "skip_signature")
"""Storage options without a prefix that say where and as whom; what else there is, is Lance's alone."""
ON = ("true", "1", "yes", "on")
NO_BUCKET = "NoSuchBucket"
NO_ETAG = '"00000000000000000000000000000000"'
TIMEOUT_S, RETRIES = 10, 2
"""A request that takes longer is no use to a lock, which has to be renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An object as it was read: its bytes, and the tag that changes with them."""

    content: bytes
    etag: str


class Objects:
    """The objects below a store's URI, by their path from there."""

    def __init__(self, uri: str, options: Mapping[str, str]) -> None:
        self.uri, self._options = uri, options

    @cached_property
    def _calls(self) -> Any:
        try:
            import obstore.exceptions
            import obstore.store
        except ImportError as problem:
            raise ConfigError(
                f"the store {self.uri!r} is on object storage, and the package `obstore` is not installed",
                fix="install the extra: `pip install -e '.[s3]'`",
            ) from problem
        return obstore

    @cached_property
    def _client(self) -> Any:
        own = {k: v for k, v in self._options.items() if k.startswith(ADDRESSED) or k in BARE}
        client: dict[str, Any] = {"timeout": f"{TIMEOUT_S} seconds"}
        client |= {k: v for k, v in self._options.items() if k in CLIENT}
        client |= {k: client[k].lower() in ON for k in CLIENT[:2] if k in client}
        patience = {"max_retries": RETRIES, "retry_timeout": timedelta(seconds=TIMEOUT_S)}
        from_url = self._calls.store.from_url
        try:
            return from_url(self.uri, client_options=client, retry_config=patience, **own)
        except self._calls.exceptions.BaseError as problem:
            raise ConfigError(
                f"the store {self.uri!r} cannot be opened: {_short(problem)}",
                fix="mend `store.uri` and `store.storage_options`",
            ) from problem

    def read(self, path: str) -> Found | None:
        """Return an object, or None where there is none."""
        with self._reached():
            try:
                answer = self._calls.get(self._client, path)
                return Found(content=bytes(answer.bytes()), etag=answer.meta["e_tag"] or "")
            except FileNotFoundError:
                return None

    def create(self, path: str, content: bytes) -> str | None:
        """Write an object where there is none and return its tag; None when there is one."""
        return self._put(path, content, "create")

    def replace(self, path: str, content: bytes, etag: str) -> str | None:
        """Write an object in place of the one with this tag and return its tag; None when it has another."""
        return self._put(path, content, {"e_tag": etag})

    def write(self, path: str, content: bytes) -> None:
        """Write an object, whatever is there."""
        self._put(path, content, "overwrite")

    def delete(self, paths: list[str]) -> None:
        """Delete objects."""
        with self._reached():
            self._calls.delete(self._client, paths)

    def any(self, prefix: str) -> bool:
        """Tell whether there is an object below a prefix."""
        return next(self.sizes(prefix), None) is not None

    def sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield the path and the bytes of every object below a prefix."""
        with self._reached():
            for page in self._calls.list(self._client, prefix or None):
                yield from ((one["path"], one["size"]) for one in page)

    def keeps_conditions(self, path: str) -> bool:
        """Tell whether the server refuses what a condition forbids; an object is at the path."""
        content = b"{}"
        return self.create(path, content) is None and self.replace(path, content, NO_ETAG) is None

    def _put(self, path: str, content: bytes, mode: Any) -> str | None:
        errors = self._calls.exceptions
        with self._reached():
            try:
                return self._calls.put(self._client, path, content, mode=mode)["e_tag"] or ""
            except (errors.AlreadyExistsError, errors.PreconditionError):
                return None
            except FileNotFoundError as problem:  # nothing to replace; or no bucket
                if NO_BUCKET in str(problem):
                    raise
                return None

    @contextmanager
    def _reached(self) -> Iterator[None]:
        errors = self._calls.exceptions
        try:
            yield
        except (errors.PermissionDeniedError, errors.UnauthenticatedError) as problem:
            raise ConfigError(
                f"the store {self.uri!r} refuses these credentials: {_short(problem)}",
                fix="mend `store.storage_options`, or the variables AWS_ACCESS_KEY_ID and so on",
            ) from problem
        except (errors.BaseError, FileNotFoundError) as problem:
            if NO_BUCKET in str(problem):
                raise ConfigError(
                    f"the store {self.uri!r} is in a bucket that does not exist",
                    fix="make it, or mend `store.uri`",
                ) from problem
            raise UnavailableError(
                f"the store {self.uri!r} does not answer: {_short(problem)}",
                fix="look at the object storage and the network, then run again",
            ) from problem


def _short(problem: Exception) -> str:
    return str(problem).split("\n\nDebug source", maxsplit=1)[0][:300]

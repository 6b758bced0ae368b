"""Everything that can stop Headwater, as one tree.

    HeadwaterError
    |-- ConfigError              the project file or a call is wrong                      exit 2
    |-- NotFoundError            a release, document, dataset or quarantine id is unknown exit 2
    |-- RefusedError             finished, but a gate refused to publish                  exit 3
    |   `-- OnHoldError          publishing is on hold after a rollback
    |-- SourceError              a source could not be listed or read
    |   `-- UnavailableError     something Headwater depends on did not answer            exit 4
    |-- StoreError               the store is damaged, too new, or cannot be written
    |   |-- UnwritableError      nothing can be written where the store is
    |   |-- BusyError            another publisher or run holds the lock                  exit 4
    |   `-- ConflictError        somebody else moved the tables while we wrote
    |-- EmbedderError            the embedder is missing, altered, or of the wrong shape
    |   `-- TooLongError         a text has more tokens than it reads
    |-- AccessDeniedError        the principal may not
    |-- UnauthenticatedError     a request without a valid API key
    |-- MisdirectedError         a request by another name than this machine's
    |-- RateError                one caller has too many requests open
    |-- OverloadedError          more requests than the server takes
    `-- StoppedError             a person or the machine ended the command                exit 130, 143

A bad item is never an exception: it is a rejected row with a `schemas.quarantine.Reason`.
"""

from __future__ import annotations

from typing import ClassVar


class HeadwaterError(Exception):
    """Something stopped: what and which (`detail`), what is left behind (`state`), what to do (`fix`).

    The same four words, with `code`, are what `--json` prints and what the HTTP API answers.
    """

    code: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = 1
    retry: ClassVar[bool] = False

    def __init__(self, detail: str, *, fix: str = "", state: str = "nothing was changed") -> None:
        super().__init__(detail)
        self.detail, self.fix, self.state = detail, fix, state
        self.run_id = ""
        """The run that it ended, where there was one."""

    def __str__(self) -> str:
        return "; ".join(part for part in (self.detail, self.state, self.fix) if part)

    def as_dict(self) -> dict[str, str]:
        """Return the error as scripts and HTTP clients read it."""
        return {"code": self.code, "detail": self.detail, "fix": self.fix, "state": self.state}


class ConfigError(HeadwaterError):
    """The project file, or the way a command was called, is wrong."""

    code = "config"
    exit_code = 2


class NotFoundError(HeadwaterError):
    """A name that the store or the project file does not know."""

    code = "not_found"
    exit_code = 2


class RefusedError(HeadwaterError):
    """The run finished, and a gate refused to publish it."""

    code = "refused"
    exit_code = 3


class OnHoldError(RefusedError):
    """Publishing is on hold since a rollback, until `headwater release resume`."""

    code = "on_hold"


class SourceError(HeadwaterError):
    """A source could not be listed or read."""

    code = "source"


class UnavailableError(SourceError):
    """Something Headwater depends on did not answer."""

    code = "unavailable"
    exit_code = 4
    retry = True


class StoreError(HeadwaterError):
    """The store is damaged, newer than this code, or cannot be written."""

    code = "store"


class UnwritableError(StoreError):
    """Nothing can be written where the store is: a wrong path, missing rights, a read-only mount."""


class BusyError(StoreError):
    """Another publisher, or another run of the same source, holds the lock."""

    code = "busy"
    exit_code = 4
    retry = True


class ConflictError(StoreError):
    """Somebody else moved the tables while this run was writing."""

    code = "conflict"
    retry = True


class EmbedderError(HeadwaterError):
    """The embedder is missing, altered, or of another shape than its table."""

    code = "embedder"


class TooLongError(EmbedderError):
    """A text has more tokens than the embedder reads."""

    code = "too_long"


class AccessDeniedError(HeadwaterError):
    """The principal may not do or read this."""

    code = "denied"


class UnauthenticatedError(HeadwaterError):
    """A request without a valid API key, where keys are configured."""

    code = "unauthenticated"


class MisdirectedError(HeadwaterError):
    """A request by another name than this machine's, where only this machine may call."""

    code = "misdirected"


class RateError(HeadwaterError):
    """One caller has too many requests open."""

    code = "rate"
    retry = True


class OverloadedError(HeadwaterError):
    """More requests than the server takes; none is queued without bound."""

    code = "overloaded"
    retry = True


class StoppedError(HeadwaterError):
    """Ctrl-C (exit 130) or SIGTERM (exit 143) ended the command."""

    code = "interrupted"
    exit_code = 130


def exit_code_of(code: str) -> int:
    """Return the exit code of the error with a code, as a run's `refused` names it; 1 of an unknown one."""
    kinds = [HeadwaterError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return next((kind.exit_code for kind in kinds if kind.code == code), HeadwaterError.exit_code)

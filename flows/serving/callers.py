"""Who calls: the holder of an API key, or on loopback without any key whoever the request says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Query, Request
from fastapi.security import HTTPBearer

from schemas.context import Principal
from schemas.errors import AccessDeniedError, ConfigError, UnauthenticatedError
from schemas.key import SCOPES, Scope

if TYPE_CHECKING:
    from flows.serving.serving import Serving

BEARER = "bearer "
DESCRIBED = HTTPBearer(
    auto_error=False,
    scheme_name="key",
    description="An API key, of `headwater keys add`. Without any key made, only this machine may call.",
)
"""How the API's description says where a key goes; `caller_of` reads it."""
REFUSED = "with an API key, who asks is what the key says"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, and what they may do."""

    principal: Principal
    scopes: frozenset[str]
    key: str | None = None
    """The key's name; None where no key is configured and the server listens on loopback only."""

    def may(self, scope: Scope) -> bool:
        """Tell whether the caller has a scope."""
        return scope in self.scopes

    def acting(self, principal: str | None, groups: Sequence[str] = ()) -> Caller:
        """Return the caller as whom a request says it is: with a key that is refused.

        Without keys everybody on this machine is an admin, until they say who they are.
        """
        if principal is None and not groups:
            return self
        if self.key is not None:
            raise AccessDeniedError(
                f"{REFUSED}, and the request names somebody", fix="leave `principal` and `groups` out"
            )
        who = principal_of(principal, groups)
        return Caller(principal=who, scopes=self.scopes - {"admin"})


LOCAL = Caller(principal=Principal(), scopes=frozenset(SCOPES))
"""Whoever calls a server without keys, which listens on loopback only."""


def principal_of(principal: str | None, groups: Sequence[str] = ()) -> Principal:
    """Return a principal from texts like `user:ann` and `group:hr`, or without their kinds.

    Raises ConfigError for what is no name.
    """
    user = principal.removeprefix("user:") if principal else None
    who = Principal(user=user or None, groups=tuple(group.removeprefix("group:") for group in groups))
    try:
        who.entries()
    except ValueError as problem:
        raise ConfigError(str(problem), fix="write user:NAME, and groups as NAME") from None
    return who


def serving_of(request: Request) -> Serving:
    """Return what the application serves with."""
    return cast("Serving", request.app.state.serving)


Served = Annotated["Serving", Depends(serving_of)]


async def caller_of(request: Request) -> Caller:
    """Return who sends a request. Raises UnauthenticatedError without a valid key, where there are keys."""
    serving = serving_of(request)
    if await serving.is_open():
        return LOCAL
    keys = await serving.keys()
    header = request.headers.get("authorization", "")
    given = header[len(BEARER) :].strip() if header.lower().startswith(BEARER) else ""
    key = keys.get(serving.hash_of(given)) if given else None
    if key is None or key.revoked_at is not None:
        raise UnauthenticatedError(
            "this server needs an API key" if not given else "the API key is not known here, or was revoked",
            fix="send `Authorization: Bearer KEY`; `headwater keys add` makes one",
        )
    return Caller(principal=key.principal, scopes=key.scopes, key=key.name)


def needs(scope: Scope) -> Callable[..., AsyncIterator[Caller]]:
    """Return a dependency: the caller, who must have a scope, and holds one of their open requests."""

    async def checked(
        request: Request,
        caller: Annotated[Caller, Depends(caller_of)],
        _described: Annotated[object, Depends(DESCRIBED)],
    ) -> AsyncIterator[Caller]:
        if not caller.may(scope):
            raise AccessDeniedError(
                f"this needs a key with the scope {scope!r}", fix=f"`headwater keys add NAME --scope {scope}`"
            )
        with serving_of(request).admission.one_more_of(caller.key):
            yield caller

    return checked


Asks = Annotated[Caller, Depends(needs("read"))]
"""Of a request whose body may say who asks: `caller.acting(body.principal, body.groups)`."""


async def acting(
    caller: Asks,
    principal: Annotated[
        str | None, Query(description="Who asks, as user:NAME; refused with an API key.")
    ] = None,
    groups: Annotated[list[str] | None, Query(description="Their groups; refused with an API key.")] = None,
) -> Caller:
    """Return the caller, who without keys may say in the query who they are."""
    return caller.acting(principal, groups or ())


Reads = Annotated[Caller, Depends(acting)]
"""Of a request without a body."""
Judges = Annotated[Caller, Depends(needs("feedback"))]
Pushes = Annotated[Caller, Depends(needs("push"))]
Administers = Annotated[Caller, Depends(needs("admin"))]

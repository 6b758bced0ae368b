"""API keys: only their hash is kept; without one nobody but this machine is served."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from flows.serving.running import check_open
from flows.serving.serving import KEYS_FRESH_S
from infra.store.keys import PREFIX, add_key, keys, revoke_key
from schemas.context import Principal
from schemas.errors import ConfigError, NotFoundError
from schemas.serve import ServeSection
from tests.flows.projects import Project
from tests.flows.serving.running import running

QUESTION = "What does the sensor of station 7 cost?"
COSTS = 9173
TOLD = f"costs {COSTS} euros"
ASKED = {"question": QUESTION}


def test_a_key_counts_and_the_body_may_not_name_anybody_else(copied: Project) -> None:
    workspace = copied.open()
    key = add_key(
        workspace.store, "ann", Principal(user="ann", groups=("hr",)), ["read"], now=workspace.clock()
    )
    with running(workspace) as server, server.as_key(key) as ann:
        assert TOLD in ann.post("/v1/context", json=ASKED).text
        for more in ({"principal": "user:bob"}, {"groups": ["finance"]}, {"principal": "user:ann"}):
            refused = ann.post("/v1/context", json=ASKED | more)
            assert (refused.status_code, refused.json()["code"]) == (403, "denied")
        assert ann.get("/v1/releases", params={"principal": "user:bob"}).status_code == 403
        for header in ("", f"Bearer {PREFIX}wrong", "Basic YTpi", f"Bearer {key}x"):
            nobody = server.client.post("/v1/context", json=ASKED, headers={"Authorization": header})
            assert (nobody.status_code, nobody.json()["code"]) == (401, "unauthenticated")
            assert nobody.headers["www-authenticate"] == "Bearer"


def test_a_revoked_key_opens_nothing_soon_after_and_the_server_does_not_open_for_all(copied: Project) -> None:
    workspace = copied.open()
    key = add_key(workspace.store, "ann", Principal(user="ann"), ["read"], now=workspace.clock())
    with running(workspace) as server, server.as_key(key) as ann:
        assert ann.post("/v1/context", json=ASKED).status_code == 200
        revoke_key(copied.store, "ann", now=workspace.clock())
        time.sleep(KEYS_FRESH_S)
        assert ann.post("/v1/context", json=ASKED).status_code == 401
        assert server.client.post("/v1/context", json=ASKED).status_code == 401
    with pytest.raises(NotFoundError, match="there are: ann"):
        revoke_key(copied.store, "bob", now=workspace.clock())


def test_the_key_itself_is_nowhere_in_the_store(copied: Project) -> None:
    store = copied.store
    made = add_key(store, "ann", Principal(user="ann"), ["read"], now=copied.open().clock())

    assert [key.as_dict()["user"] for key in keys(store)] == ["ann"]
    files = [path for path in Path(store.uri).rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if made.removeprefix(PREFIX).encode() in path.read_bytes()]
    with pytest.raises(ConfigError, match="already"):
        add_key(store, "ann", Principal(user="bob"), ["read"], now=copied.open().clock())


def test_without_a_key_it_listens_on_loopback_only_and_answers_to_no_other_name(copied: Project) -> None:
    workspace = copied.open()
    for host in ("0.0.0.0", "::", "192.168.1.5", "headwater.acme.test"):  # noqa: S104 - what is refused
        with pytest.raises(ConfigError, match="no API key"):
            check_open(workspace, ServeSection(host=host))
    with running(workspace) as server:
        port = httpx.URL(server.url).port
        for host in (f"attacker.test:{port}", "attacker.test", "127.0.0.1.attacker.test"):
            refused = server.client.post("/v1/context", json=ASKED, headers={"Host": host})
            assert (refused.status_code, refused.json()["code"]) == (421, "misdirected")
        for origin in ("https://attacker.test", "null", "http://127.0.0.1.attacker.test"):
            refused = server.client.post("/v1/context", json=ASKED, headers={"Origin": origin})
            assert (refused.status_code, refused.json()["code"]) == (421, "misdirected")
        for host in (f"localhost:{port}", f"[::1]:{port}", "127.0.0.1"):
            assert server.client.get("/healthz", headers={"Host": host}).status_code == 200
        assert TOLD in server.client.post("/v1/context", json=ASKED | {"groups": ["hr"]}).text
        assert TOLD not in server.client.post("/v1/context", json=ASKED).text

"""What a child can reach: no environment, no network, no new rights, and a home that goes with it."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from infra.sandbox import Sandbox
from infra.sandbox.surroundings import surroundings
from tests.infra.sandbox.pooled import QUICK, TARGET, replies


def test_a_child_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_PASSWORD", "canary-7f3a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-7f3a")

    (found,) = replies({"do": "environment"})

    assert found.value is not None
    seen = found.value["environment"]
    assert "canary" not in str(seen)
    assert (seen["DO_NOT_TRACK"], seen["HOME"]) == ("1", found.value["folder"])
    assert found.value["home"] == []
    assert set(seen) - set(surroundings("")) <= {"LC_CTYPE"}  # Python sets it itself


def test_what_a_child_leaves_in_its_home_is_removed() -> None:
    (found,) = replies({"do": "leave_a_file", "name": "left", "bytes": 10})

    assert found.value is not None
    assert not Path(found.value["folder"]).exists()


def test_a_child_has_no_core_files_few_open_files_and_no_way_to_new_rights() -> None:
    (found,) = replies({"do": "rights"})

    assert found.value is not None
    assert (found.value["core"], found.value["files"], found.value["new_privileges"]) == (0, 256, "1")
    assert len(found.value["open"]) <= 6  # three usual ones, two pipes, and the folder being listed


def test_a_child_reaches_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, Sandbox(TARGET, limits=QUICK) as sandbox:
        port = listener.getsockname()[1]
        assert sandbox.network_isolated is None
        (found,) = sandbox.map([({"do": "network", "host": "127.0.0.1", "port": port}, b"")], ahead=1)
        if not sandbox.network_isolated:
            pytest.skip("this system allows no network namespaces")
        listener.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listener.accept()

    assert found.value is not None
    assert found.value["error"] != 0


WITHOUT_RIGHTS = """
from infra.sandbox import Sandbox
with Sandbox("tests.infra.sandbox.targets:run") as sandbox:
    asked = {"do": "network", "host": "127.0.0.1", "port": 9}
    (found,) = sandbox.map([(asked, b"")], ahead=1)
    print(sandbox.network_isolated, found.value["error"] != 111)
"""


def test_a_user_without_rights_is_cut_off_in_a_namespace_of_its_own() -> None:
    dropping = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    if subprocess.run([*dropping, "unshare", "-Un", "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs setpriv, root and user namespaces")

    found = subprocess.run(
        [*dropping, sys.executable, "-c", WITHOUT_RIGHTS], check=True, capture_output=True, text=True
    )

    assert found.stdout.split() == ["True", "True"]

"""The child's side: limit yourself, then answer one request at a time until the pipe closes."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import traceback
from importlib import import_module
from typing import Any

from infra.sandbox import frames

PR_SET_PDEATHSIG = 1
CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000
MESSAGE_CHARACTERS = 500


def main() -> None:
    """Serve requests: argv is the target `module:function` and the limits."""
    target, address_space, file_bytes, open_files = sys.argv[1], *map(int, sys.argv[2:5])
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a parser prints must not get between the frames
    isolated = _isolate()
    module, _, name = target.partition(":")
    function = getattr(import_module(module), name)
    _limit(address_space, file_bytes, open_files)
    frames.write(replies, {"ready": True, "network_isolated": isolated})
    while (request := frames.read(requests)) is not None:
        frames.write(replies, _answer(function, *request))


def _answer(function: Any, request: dict[str, Any], content: bytes) -> dict[str, Any]:
    try:
        return {"value": function(request, content)}
    except MemoryError:
        return {"failed": "parser_memory", "message": "out of memory"}
    except RecursionError:
        return {"failed": "parser_failed", "message": "nested too deep"}
    except Exception as problem:  # noqa: BLE001 - whatever a parser raises is that item's failure
        traceback.print_exc(file=sys.stderr)
        return {
            "failed": "parser_failed",
            "message": f"{type(problem).__name__}: {problem}"[:MESSAGE_CHARACTERS],
        }


def _isolate() -> bool:
    """Die with the parent, and leave its network where the kernel lets us."""
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        return bool(libc.unshare(CLONE_NEWNET) == 0 or libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
    except AttributeError:  # neither call exists outside Linux
        return False


def _limit(address_space: int, file_bytes: int, open_files: int) -> None:
    wanted = {
        resource.RLIMIT_AS: address_space,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_NOFILE: open_files,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in wanted.items():
        _, hard = resource.getrlimit(what)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(what, (limit, limit))
        except (ValueError, OSError):  # macOS refuses an address space limit
            continue


if __name__ == "__main__":
    main()

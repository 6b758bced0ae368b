"""What a child does to itself before it sees an item. Best effort where a system lacks the means.

Run as a file, `python confine.py TARGET PARENT LIMITS`, this is the child's first program: a namespace of its
own is only for a program that has no threads yet, so it comes before anything is imported.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.sandbox.limits import Limits

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWNET = 0x40000000  # linux/sched.h
CLONE_NEWUSER = 0x10000000


def start(target: str, parent: int, limits: Limits) -> None:
    """Confine this interpreter for good, then serve."""
    confine(limits)
    isolated = leave_network()
    die_with(parent)  # after the move, which clears it
    from infra.sandbox.child import serve

    serve(target, limits, network_isolated=isolated)


def confine(limits: Limits) -> None:
    """Set the limits that hold from the start: no core files, few open files, small files, no new rights."""
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_NOFILE, limits.open_files)
    _set(resource.RLIMIT_FSIZE, limits.file_bytes)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def die_with(parent: int) -> None:
    """Ask for SIGKILL when the thread that started this child ends, and check that it has not yet."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def leave_network() -> bool:
    """Move into a network namespace with nothing in it; return whether there is no way out any more."""
    user, group = os.getuid(), os.getgid()
    if not _unshare(CLONE_NEWNET) and _unshare(CLONE_NEWUSER | CLONE_NEWNET):
        # Without these the user would be nobody in the new namespace.
        for file, line in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with suppress(OSError):
                Path("/proc/self", file).write_text(line)
    return _is_cut_off()


def limit_memory(limits: Limits) -> None:
    """Let the address space grow from here by twice the memory that the supervisor allows to be resident.

    Allocating past it raises `MemoryError`, so that a jump between two of its looks is stopped too.
    """
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        _set(resource.RLIMIT_AS, pages * resource.getpagesize() + 2 * limits.memory_bytes)


def renew_cpu(limits: Limits) -> None:
    """Allow `cpu_s` more seconds of computing than were used so far; past them the kernel sends SIGXCPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(used.ru_utime + used.ru_stime) + limits.cpu_s
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _set(kind: int, limit: int) -> None:
    with suppress(OSError, ValueError):
        hard = resource.getrlimit(kind)[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (limit, limit))


def _prctl(option: int, value: int) -> bool:
    with suppress(AttributeError, OSError):
        return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)
    return False


def _unshare(flags: int) -> bool:
    with suppress(AttributeError, OSError):
        return bool(ctypes.CDLL(None).unshare(flags) == 0)
    return False


def _is_cut_off() -> bool:
    # The loopback of a fresh namespace is down, and nothing else is there: not even this sends anything.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        return probe.connect_ex(("127.0.0.1", 9)) != 0


if __name__ == "__main__":
    start(sys.argv[1], int(sys.argv[2]), SimpleNamespace(**json.loads(sys.argv[3])))  # type: ignore[arg-type]

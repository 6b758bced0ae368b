"""The program a worker starts for a flow run: it has the run forked from a warm program and stands in for it.

Run as `python -I -S fork_client.py SOCKET`. It passes on its environment, its folder and its outputs, hands
signals to the run, and ends as the run ends; killed, it takes the run with it. Where no warm program answers
the run is started the usual way, which costs its imports. It is started for every run, so it imports little.
"""

import json
import os
import signal
import socket
import sys

LOST = 70
"""Exit status when the warm program died, and the run with it."""


def main(path: str) -> int:
    """Run the flow run that the environment names, and return its exit status."""
    with socket.socket(socket.AF_UNIX) as warm:
        try:
            warm.connect(path)
        except OSError:
            os.execv(sys.executable, [sys.executable, "-m", "prefect.engine"])  # noqa: S606 - as a worker would
        request = json.dumps({"env": dict(os.environ), "cwd": os.getcwd()}) + "\n"  # noqa: PTH109 - pathlib is slow to import
        socket.send_fds(warm, [b"\n"], [1, 2])
        warm.sendall(request.encode())
        answers = warm.makefile("r")
        started = answers.readline()
        if not started:
            return LOST
        _pass_on(int(started))
        ended = answers.readline()
    return _end_like(int(ended)) if ended else LOST


def _pass_on(pid: int) -> None:
    """Hand the signals that stop a run to the run itself."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: os.kill(pid, number))


def _end_like(status: int) -> int:
    """Return a run's exit status, or die of what the run died of."""
    if status < 0:
        signal.signal(-status, signal.SIG_DFL) if -status != signal.SIGKILL else None
        os.kill(os.getpid(), -status)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

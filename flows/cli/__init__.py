"""The command line: one verb per flow. `headwater --help` stays fast: verbs import their work lazily."""

import atexit
import os
import sys


def main() -> None:
    """Run the `headwater` program."""
    from flows.cli.app import main as run

    try:
        run()
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            raise
        _end(end.code or 0)
    _end(0)


def _end(code: int) -> None:
    """End at once: to take apart what was imported takes the interpreter most of a second.

    Not with Prefect, which sends its last events while it is taken apart.
    """
    if "prefect" in sys.modules:
        sys.exit(code)
    atexit._run_exitfuncs()  # noqa: SLF001 - the children that parse are ended there
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

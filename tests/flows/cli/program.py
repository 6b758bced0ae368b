"""The program as a script and a person meet it: a real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

HEADWATER = str(Path(sys.executable).parent / "headwater")
ROOT = Path(__file__).parents[3]


class Done(NamedTuple):
    """What a call of the program left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.out)


def headwater(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> Done:
    """Run the program in a folder."""
    done = subprocess.run(
        [HEADWATER, *arguments],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    return Done(done.returncode, done.stdout, done.stderr)

"""Write the lock again from pyproject.toml: `make lock`, or `make lock UPGRADE=1` for the newest versions.

One resolution serves Linux and macOS, x86-64 and arm64, Python 3.11 and 3.12; every package carries the
sha256 of all its files. torch is resolved with the rest and written by hand in torch.txt, without a hash.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tempfile
from itertools import product
from pathlib import Path

from packaging.markers import Marker

LOCK = Path(__file__).parent
ROOT = LOCK.parents[1]
HEADER = "# {role}. Written by infra/lock/refresh.py from pyproject.toml; do not edit.\n"
ROLES = {
    "build": "Builds the rest without a network: installed first",
    "runtime": "What `headwater` runs on",
    "test": "What the tests, types and linters add",
}

PLATFORMS = [
    {
        "sys_platform": system,
        "platform_system": {"linux": "Linux", "darwin": "Darwin"}[system],
        "platform_machine": machine,
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "os_name": "posix",
    }
    for system, machine, python in product(
        ["linux", "darwin"], ["x86_64", "aarch64", "arm64"], ["3.11.0", "3.11.15", "3.12.0", "3.12.15"]
    )
]

UV = str(Path(sysconfig.get_path("scripts"), "uv"))
OPTIONS = ["--universal", "--python-version", "3.11", "--fork-strategy", "fewest", "--generate-hashes"]
OPTIONS += ["--no-emit-package", "torch", "--no-emit-index-url", "--no-annotate", "--no-header", "--quiet"]

Pins = dict[str, str]
"""Package name -> its lines in a requirements file: version, marker, hashes."""


def main(*, upgrade: bool) -> None:
    """Resolve once, then write build.txt, runtime.txt and test.txt: together one consistent set."""
    kept = {} if upgrade else read_pins("build", "runtime", "test")
    everything = resolve(["--extra", "test"], preferred=kept)
    running = resolve([], constraints=everything)
    building = {name for name in running if name == "setuptools"}
    write("build", {name: everything[name] for name in building})
    write("runtime", {name: everything[name] for name in running if name not in building})
    write("test", {name: pin for name, pin in everything.items() if name not in running})


def resolve(options: list[str], *, preferred: Pins | None = None, constraints: Pins | None = None) -> Pins:
    """Pins for pyproject.toml: `preferred` versions stay where they can, those in `constraints` always."""
    with tempfile.TemporaryDirectory() as folder:
        answer, bounds = Path(folder, "answer.txt"), Path(folder, "bounds.txt")
        answer.write_text("".join((preferred or {}).values()))
        bounds.write_text("".join((constraints or {}).values()))
        command = [UV, "pip", "compile", "pyproject.toml", *OPTIONS, *options]
        command += ["--constraints", str(bounds), "--output-file", str(answer)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return split_pins(answer.read_text())


def read_pins(*names: str) -> Pins:
    """The pins of the lock files as they are; none where a file is missing."""
    files = [LOCK / f"{name}.txt" for name in names]
    return split_pins("".join(file.read_text() for file in files if file.exists()))


def split_pins(text: str) -> Pins:
    """Requirements text cut at each package, comments and markers that say nothing here left out."""
    lines = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    pins = [plain(pin) for pin in re.split(r"^(?=[A-Za-z0-9])", lines, flags=re.MULTILINE) if pin.strip()]
    return {pin.split("==")[0]: pin for pin in pins if pin}


def plain(pin: str) -> str:
    """A pin without a marker that holds on every platform; nothing for one that holds on none."""
    requirement, hashes = pin.split(" \\\n", maxsplit=1)
    name, _, marker = requirement.partition(" ; ")
    holds = [Marker(marker).evaluate(platform) for platform in PLATFORMS] if marker else [True]
    if not any(holds):
        return ""
    return f"{name if all(holds) else requirement} \\\n{hashes}"


def write(name: str, pins: Pins) -> None:
    """One lock file, sorted by package."""
    lines = HEADER.format(role=ROLES[name]) + "".join(pins[package] for package in sorted(pins))
    (LOCK / f"{name}.txt").write_text(lines)
    print(f"infra/lock/{name}.txt: {len(pins)} packages")


if __name__ == "__main__":
    main(upgrade="--upgrade" in sys.argv[1:])

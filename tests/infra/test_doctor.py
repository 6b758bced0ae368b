"""What `headwater doctor` promises to notice."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

from infra import doctor
from infra.doctor import Check

HERE = ("Linux", "x86_64", ("glibc", "2.36"), "6.1.0-amd64")


def test_the_environment_that_runs_the_tests_has_no_fault() -> None:
    found = doctor.checks()

    assert [check for check in found if check.status in ("missing", "mismatch")] == []
    assert len({check.name for check in found}) == len(found)


def test_whatever_is_not_as_it_should_be_says_how_to_mend_it() -> None:
    found = [
        doctor.python_version("3.13.1"),
        doctor.platform_support("Windows", "AMD64", ("", ""), "11"),
        doctor.locked_packages({}),
        doctor.bounds({}),
        doctor.bounds({}, project="not-installed-anywhere"),
        doctor.telemetry({}),
        doctor.program("no-such-package", "/no/such/file", tests="nothing"),
    ]

    assert all(check.status != "ok" and check.fix for check in found)


@pytest.mark.parametrize("version", ["3.11.0", "3.11.15", "3.12.4"])
def test_supported_pythons_are_ok(version: str) -> None:
    assert doctor.python_version(version).status == "ok"


@pytest.mark.parametrize("version", ["3.10.13", "3.13.0", "3.1.1"])
def test_other_pythons_are_a_mismatch(version: str) -> None:
    assert doctor.python_version(version).status == "mismatch"


@pytest.mark.parametrize(
    ("system", "machine", "libc", "release", "status"),
    [
        (*HERE, "ok"),
        ("Linux", "aarch64", ("glibc", "2.35"), "6.1.0", "ok"),
        ("Linux", "aarch64", ("glibc", "2.31"), "5.10.0", "mismatch"),
        ("Linux", "x86_64", ("glibc", "2.17"), "3.10.0", "mismatch"),
        ("Linux", "x86_64", ("", ""), "6.1.0", "mismatch"),  # musl
        ("Linux", "riscv64", ("glibc", "2.39"), "6.1.0", "mismatch"),
        ("Linux", "x86_64", ("glibc", "2.35"), "5.15.1-microsoft-standard-WSL2", "warning"),
        ("Darwin", "arm64", ("", ""), "23.1.0", "warning"),
        ("Windows", "AMD64", ("", ""), "11", "mismatch"),
    ],
)
def test_each_platform_is_called_what_it_is(
    system: str, machine: str, libc: tuple[str, str], release: str, status: str
) -> None:
    assert doctor.platform_support(system, machine, libc, release).status == status


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    (tmp_path / "build.txt").write_text("# setuptools\n")
    (tmp_path / "torch.txt").write_text("# no hash\ntorch==2.13.0\n")
    (tmp_path / "runtime.txt").write_text(
        "a-b==1.0 \\\n    --hash=sha256:00\nother==2 ; python_full_version < '3' \\\n    --hash=sha256:11\n"
    )
    return tmp_path


def test_a_package_at_another_version_than_the_lock_is_named_with_both(lock: Path) -> None:
    check = doctor.locked_packages({"a-b": "1.1", "torch": "2.13.0"}, lock)

    assert check.status == "mismatch"
    assert "a-b==1.0" in check.detail
    assert "1.1" in check.detail


def test_a_package_that_is_not_there_is_missing(lock: Path) -> None:
    assert doctor.locked_packages({"torch": "2.13.0"}, lock).status == "missing"


@pytest.mark.parametrize("build", ["2.13.0", "2.13.0+cpu", "2.13.0+cu130"])
def test_any_build_of_the_locked_torch_will_do(lock: Path, build: str) -> None:
    check = doctor.locked_packages({"a-b": "1.0", "torch": build}, lock)

    assert check == Check("lock", "ok", "2 packages as locked")


@pytest.mark.parametrize(
    ("package", "version"), [("fastapi", "0.155.0"), ("sqlalchemy", "2.1.9"), ("pylance", "12")]
)
def test_a_version_that_breaks_prefect_or_the_store_is_noticed(package: str, version: str) -> None:
    installed = doctor.installed_versions()
    assert doctor.bounds(installed).status == "ok"

    check = doctor.bounds(installed | {package: version})

    assert check.status == "mismatch"
    assert package in check.detail


def test_altered_model_weights_are_a_mismatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not the published weights")
    monkeypatch.setattr(doctor, "packaged_folder", lambda: tmp_path)

    check = doctor.model_weights()

    assert check.status == "mismatch"
    assert check.fix


def test_openvino_is_never_imported_together_with_its_usage_reporter() -> None:
    doctor.openvino_precision()

    assert sys.modules["openvino_telemetry"] is None


def test_the_locked_unstructured_has_the_private_names_the_offline_seam_replaces() -> None:
    assert metadata.version("unstructured") == "0.27.32"
    assert doctor.spacy_model().status == "ok"


def test_a_store_that_does_not_exist_yet_is_judged_by_the_folder_it_will_be_in(tmp_path: Path) -> None:
    uri = str(tmp_path / "not" / "yet" / ".headwater")

    assert str(tmp_path) in doctor.free_disk(uri).detail
    assert doctor.file_locks(uri).status == "ok"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_mismatch() -> None:
    check = doctor.file_locks("/proc")

    assert check.status == "mismatch"
    assert "/proc" in check.detail


def test_a_file_system_that_lets_two_hold_one_lock_is_a_mismatch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor.fcntl, "flock", lambda *_: None)

    assert doctor.file_locks(str(tmp_path)).status == "mismatch"


def test_a_full_disk_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "FREE_GB", 1e9)

    assert doctor.free_disk(str(tmp_path)).status == "warning"


def test_object_storage_is_not_asked_for_disk_or_file_locks() -> None:
    assert doctor.free_disk("s3://bucket/store").status == "inactive"
    assert doctor.file_locks("s3://bucket/store").status == "inactive"


def test_telemetry_is_ok_only_when_every_switch_is_off() -> None:
    assert doctor.telemetry(doctor.SWITCHES).status == "ok"
    assert doctor.telemetry(doctor.SWITCHES | {"DO_NOT_TRACK": "0"}).status == "inactive"

import pytest

from schemas.errors import ConfigError
from transforms import datasets
from transforms.datasets import DatasetType
from transforms.datasets.formats import FORMATS
from transforms.datasets.params import Qa, Triplets

LETTERS = DatasetType(
    params=Qa,
    formats=("messages",),
    version=1,
    function=lambda inputs, params: iter(()),  # noqa: ARG005
    task="text-generation",
    how="By hand.",
)


@pytest.mark.parametrize("name", sorted(datasets.DATASETS))
def test_every_type_has_a_builder_that_can_be_imported_and_formats_that_exist(name: str) -> None:
    kind = datasets.find(name)
    assert set(kind.formats) <= set(FORMATS)
    assert isinstance(kind.function, str)
    module, _, function = kind.function.partition(":")
    assert callable(getattr(__import__(module, fromlist=[function]), function))


def test_a_type_can_be_named_by_an_import_string() -> None:
    name = f"{__name__}:LETTERS"
    assert datasets.find(name) is LETTERS
    assert list(datasets.build(name, None, None)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["sonnet", "no.such.module:x", f"{__name__}:pytest", ":"])
def test_an_unknown_type_names_those_there_are_or_what_is_missing(name: str) -> None:
    with pytest.raises(ConfigError) as problem:
        datasets.find(name)
    assert problem.value.fix


def test_settings_become_parameters_and_wrong_ones_are_named() -> None:
    assert datasets.read_params("triplets", {"hard_negatives": 2}) == Triplets(hard_negatives=2)
    assert datasets.read_params("qa", {}) == Qa()
    for settings, told in (
        ({"negatives": 2}, "negatives"),
        ({"hard_negatives": 0}, "at least 1"),
        ({"margin": 2}, "margin"),
    ):
        with pytest.raises(ConfigError, match=told):
            datasets.read_params("triplets", settings)

import pytest

from transforms.datasets import DATASETS
from transforms.datasets.sufficiency import Rule

RULE = Rule(thin=10, enough=100, why="we say so")


@pytest.mark.parametrize(
    ("rows", "verdict"), [(0, "too few"), (9, "too few"), (10, "thin"), (99, "thin"), (100, "enough")]
)
def test_a_verdict_comes_with_the_numbers_of_its_rule(rows: int, verdict: str) -> None:
    assert RULE.verdict(rows) == verdict
    assert RULE.told(rows) == {"verdict": verdict, "rows": rows, "thin": 10, "enough": 100}


def test_every_type_has_a_rule_and_says_why() -> None:
    assert all(kind.rule.why for kind in DATASETS.values())


@pytest.mark.parametrize(("thin", "enough"), [(0, 5), (6, 5)])
def test_a_rule_that_no_number_keeps_is_refused(thin: int, enough: int) -> None:
    with pytest.raises(ValueError, match="thin"):
        Rule(thin=thin, enough=enough, why="")

from dataclasses import dataclass

import pytest

from schemas.settings import SettingError, advice, nearest, read_settings


@dataclass(frozen=True, kw_only=True)
class Pump:
    speed: int = 3
    share: float = 0.5
    loud: bool = False
    names: tuple[str, ...] = ()
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.speed < 1:
            raise ValueError(f"speed is {self.speed}; it must be at least 1")


def test_settings_become_parameters_and_a_whole_number_is_a_number() -> None:
    assert read_settings("pump", Pump, {"speed": 7, "share": 1}) == Pump(speed=7, share=1)


def test_what_may_be_left_out_may_be_none() -> None:
    assert read_settings("pump", Pump, {"limit": None}) == Pump()
    assert read_settings("pump", Pump, {"limit": 3}).limit == 3


@pytest.mark.parametrize(
    ("settings", "setting", "detail", "fix"),
    [
        ({"sped": 1}, "sped", "pump has no setting 'sped'", "did you mean speed? there are: speed, share"),
        ({"speed": "fast"}, "speed", "speed is 'fast', which is not a whole number", "a whole number"),
        ({"speed": 2.5}, "speed", "speed is 2.5, which is not a whole number", "a whole number"),
        ({"speed": True}, "speed", "speed is True, which is not a whole number", "a whole number"),
        ({"loud": 1}, "loud", "loud is 1, which is not true or false", "true or false"),
        ({"limit": "x"}, "limit", "limit is 'x', which is not a whole number", "write a whole number"),
        ({"share": None}, "share", "share is None, which is not a number", "a number"),
        ({"loud": True, "speed": 0}, "speed", "speed is 0; it must be at least 1", "mend"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_write(
    settings: dict[str, object], setting: str, detail: str, fix: str
) -> None:
    with pytest.raises(SettingError) as problem:
        read_settings("pump", Pump, settings)

    assert problem.value.setting == setting
    assert detail in problem.value.detail
    assert fix in problem.value.fix


def test_only_a_name_that_looks_alike_is_meant() -> None:
    assert nearest("budget_token", ["top_k", "budget_tokens"]) == "budget_tokens"
    assert nearest("colour", ["top_k"]) is None
    assert advice("colour", []) == "there are none"

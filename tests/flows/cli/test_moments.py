"""A time is read one way on the whole command line."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from flows.cli.moments import moment
from schemas.errors import ConfigError


@pytest.mark.parametrize("text", ["2026-11-20", "2026-11-20T00:00:00", "2026-11-20T00:00:00Z"])
def test_a_time_without_a_zone_is_in_utc(text: str) -> None:
    assert moment(text, "--as-of") == datetime(2026, 11, 20, tzinfo=UTC)


def test_a_zone_that_is_given_holds() -> None:
    east = timezone(timedelta(hours=2))
    assert moment("2026-11-20T01:00:00+02:00", "--since") == datetime(2026, 11, 20, 1, tzinfo=east)


def test_what_is_no_time_is_said_with_the_option_and_an_example() -> None:
    with pytest.raises(ConfigError, match=r"--since is 'monday'.*2026-01-31"):
        moment("monday", "--since")

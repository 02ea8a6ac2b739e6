import json
from collections.abc import Callable

import pytest

from ci_tools.twin.services.configuration import REQUIRED, facts, jwt_secret, report, require
from ci_tools.twin.settings import ServiceSettings

LONG = "x1y2" * 8
Make = Callable[..., ServiceSettings]


def test_a_sound_variable_is_called_sound(env: dict[str, str]) -> None:
    """Nothing speaks against a variable that is present, long enough, clean and real."""
    assert facts("REDIS_PASSWORD", env).sound


@pytest.mark.parametrize("value", [None, ""])
def test_an_absent_or_empty_variable_is_missing(env: dict[str, str], value: str | None) -> None:
    """Set to nothing is not set."""
    env.pop("REDIS_HOST")
    told = facts("REDIS_HOST", env if value is None else env | {"REDIS_HOST": value})

    assert not told.present
    assert not told.length_ok


def test_a_newline_is_told_and_not_counted() -> None:
    """A trailing newline is whitespace, and does not make a short value long enough."""
    told = facts("REDIS_PASSWORD", {"REDIS_PASSWORD": "1234567\n"})

    assert told.has_whitespace
    assert not told.length_ok


@pytest.mark.parametrize("value", ["changeme", "CHANGE-ME", "your-api-key", "<secret>", "xxxxxxxx", "placeholder\n"])
def test_a_placeholder_is_recognised(value: str) -> None:
    """What people write before they know the value is called a placeholder."""
    assert facts("SECRET_KEY", {"SECRET_KEY": value}).is_placeholder


def test_a_value_that_contains_such_a_word_is_no_placeholder() -> None:
    """Only a whole value is a placeholder."""
    assert not facts("SECRET_KEY", {"SECRET_KEY": "kd93-placeholder-kd93"}).is_placeholder


def test_the_report_tells_facts_and_never_values(env: dict[str, str]) -> None:
    """No value of the environment is anywhere in the report."""
    told = json.dumps(report(env | {"REDIS_URL": "redis://:hunter2@10.0.0.1:6379"}))

    assert "hunter2" not in told
    assert [value for value in env.values() if value in told] == []


def test_the_report_names_what_is_wrong(env: dict[str, str]) -> None:
    """A dirty and a missing variable are listed; deprecated aliases are named."""
    env |= {"SERVICE_ID": "netra-backend\n", "DATABASE_URL": "postgresql://nobody@127.0.0.1/none"}
    del env["GEMINI_API_KEY"]
    told = report(env)

    assert told["problems"] == ["SERVICE_ID", "GEMINI_API_KEY"]
    assert not told["valid"]
    assert told["deprecated"] == ["DATABASE_URL"]


@pytest.mark.parametrize(
    ("present", "winner"),
    [
        (("JWT_SECRET_STAGING", "JWT_SECRET_KEY", "JWT_SECRET"), "JWT_SECRET_STAGING"),
        (("JWT_SECRET_KEY", "JWT_SECRET"), "JWT_SECRET_KEY"),
        (("JWT_SECRET",), "JWT_SECRET"),
    ],
)
def test_the_first_secret_that_is_set_counts(present: tuple[str, ...], winner: str) -> None:
    """The signing secret is looked up in the order of the contract."""
    assert jwt_secret({name: f"{name}-{LONG}" for name in present}) == f"{winner}-{LONG}"


def test_a_short_secret_is_not_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    """A first secret that is too short stops the start, although a longer one follows."""
    with pytest.raises(SystemExit) as stopped:
        jwt_secret({"JWT_SECRET_STAGING": "short", "JWT_SECRET": LONG})

    assert stopped.value.code == 3
    assert "JWT_SECRET_STAGING has 5 characters" in caplog.text


def test_no_secret_stops_the_start(caplog: pytest.LogCaptureFixture) -> None:
    """Without any signing secret the start ends with 3 and the log names the variable."""
    with pytest.raises(SystemExit) as stopped:
        jwt_secret({})

    assert stopped.value.code == 3
    assert "JWT_SECRET_STAGING is missing" in caplog.text


@pytest.mark.parametrize("name", REQUIRED["backend"])
def test_each_required_variable_stops_the_start_when_missing(
    settings_of: Make, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """A service without a required variable ends with 3 and names it."""
    with pytest.raises(SystemExit) as stopped:
        require(settings_of("backend", {name: None}))

    assert stopped.value.code == 3
    assert name in caplog.text


def test_the_door_for_e2e_may_be_closed(settings_of: Make) -> None:
    """The auth service starts without a bypass key."""
    assert require(settings_of("auth", {"E2E_OAUTH_SIMULATION_KEY": None})) is None


def test_a_port_that_is_no_number_stops_the_start(settings_of: Make, caplog: pytest.LogCaptureFixture) -> None:
    """A port with letters ends the start with 3 and is not repeated."""
    with pytest.raises(SystemExit) as stopped:
        require(settings_of("backend", {"REDIS_PORT": "six-thousand"}))

    assert stopped.value.code == 3
    assert "six-thousand" not in caplog.text


def test_whitespace_is_warned_of_and_left_alone(settings_of: Make, caplog: pytest.LogCaptureFixture) -> None:
    """A dirty variable does not stop the start; the log says so without its value."""
    settings = settings_of("backend", {"SERVICE_ID": "netra-backend\n"})
    require(settings)

    assert "SERVICE_ID contained whitespace" in caplog.text
    assert settings.env["SERVICE_ID"] == "netra-backend\n"

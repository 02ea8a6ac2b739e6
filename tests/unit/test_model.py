import dataclasses
import inspect
from enum import StrEnum

import pytest

from ci_tools import model
from ci_tools.model import (
    BypassKey,
    CoverageGate,
    DependencyState,
    Environment,
    GateState,
    Outcome,
    ReadyToken,
    RegisterLogin,
    ReliabilityGate,
    Timeouts,
    Verdict,
)

KINDS = [kind for _, kind in inspect.getmembers(model, inspect.isclass) if kind.__module__ == model.__name__]
VALUES = [kind for kind in KINDS if dataclasses.is_dataclass(kind)]


def test_everything_in_the_model_is_a_value_or_a_state() -> None:
    """The model holds frozen values and enumerations, nothing that acts."""
    assert [kind for kind in KINDS if not (dataclasses.is_dataclass(kind) or issubclass(kind, StrEnum))] == []


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_a_value_is_frozen_and_named_field_by_field(kind: type) -> None:
    """No value changes after it was made, gains fields, or is filled by position."""
    positional = [field.name for field in dataclasses.fields(kind) if not field.kw_only]

    assert (kind.__dataclass_params__.frozen, hasattr(kind, "__slots__"), positional) == (True, True, [])


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (Verdict, ["pass", "fail", "inconclusive"]),
        (GateState, ["holds", "fails", "cannot tell"]),
        (Outcome, ["passed", "failed", "errored", "skipped", "blocked", "not_run"]),
        (DependencyState, ["up", "degraded", "down", "unknown"]),
    ],
)
def test_states_are_the_words_of_the_design(states: type[StrEnum], words: list[str]) -> None:
    """Journals and reports carry exactly these words; flaky is no outcome."""
    assert [str(state) for state in states] == words


def test_durations_are_scaled_in_one_place() -> None:
    """An environment ten times as fast turns 30 s into 3 s."""
    environment = Environment(name="twin", hosts={}, time_scale=0.1)

    assert environment.scaled(Timeouts().agent_s) == pytest.approx(3.0)


def test_an_environment_is_real_time_unless_it_says_otherwise() -> None:
    """Without a scale a second is a second."""
    assert Environment(name="staging", hosts={}).scaled(30.0) == 30.0


def test_patience_is_that_of_the_contract() -> None:
    """The default timeouts are the contract's; for health, of which it says nothing, it is short."""
    assert dataclasses.asdict(Timeouts()) == {
        "connect_s": 60.0,
        "receive_s": 35.0,
        "agent_s": 30.0,
        "thinking_s": 10.0,
        "tool_s": 8.0,
        "general_s": 60.0,
        "health_s": 10.0,
    }


def test_gates_are_told_apart_by_their_kind() -> None:
    """A stated plan keeps which gate is which."""
    coverage = CoverageGate(name="c", dependency="d", suites=("s",), floor=0.5)
    reliability = ReliabilityGate(name="r", dependency="d", probe="p", floor=0.8, target=0.95)

    assert (coverage.kind, reliability.kind, reliability.cap) == ("coverage", "reliability", 60)


def test_an_environment_names_its_secrets() -> None:
    """What the auth strategy reads is secret, whatever its variable is called; who reads nothing names nothing."""
    hosts = {"backend": "https://a.example.com"}

    assert Environment(name="a", hosts=hosts, auth=ReadyToken(token_env="SHOP_BEARER")).secret_names == ("SHOP_BEARER",)
    assert Environment(name="a", hosts=hosts, auth=BypassKey(key_env="DOOR")).secret_names == ("DOOR",)
    assert Environment(name="a", hosts=hosts, auth=RegisterLogin()).secret_names == ()

"""A judgement grouped by failing dependency: one outage is one failure, however many gates it takes with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any

from ci_tools.model import FAILURES, CoverageGate, GateState, Outcome, ReliabilityGate
from ci_tools.verdict.judgement import GateResult, Judgement, SuiteResult, TestResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One dependency that fails, and what is seen and not seen because of it."""

    dependency: str
    gates: tuple[GateResult, ...]
    """Those of the dependency that fail; at least one."""
    undecided: tuple[GateResult, ...]
    """Those of the same dependency that cannot tell."""
    suites: tuple[SuiteResult, ...]
    """What is at stake: its own suites, then those that require it."""
    tests: tuple[TestResult, ...]
    """The failing tests of its own suites."""
    masked: tuple[GateResult, ...]
    """Gates of dependencies that do not fail, and that this failure keeps from being decided."""
    unexplained: tuple[GateResult, ...]
    """Gates of dependencies that do not fail, undecided for another reason."""


def failures_in(judgement: Judgement) -> tuple[Failure, ...]:
    """One failure per dependency with a failing gate, in the order of the gates."""
    failing = dict.fromkeys(gate.gate.dependency for gate in judgement.gates if gate.state is GateState.FAILS)
    open_gates = [gate for gate in judgement.gates if gate.state is GateState.CANNOT_TELL]
    elsewhere = [gate for gate in open_gates if gate.gate.dependency not in failing]
    explained = {id(gate) for gate in elsewhere for name in failing if _is_masked(gate, name, judgement)}
    return tuple(
        Failure(
            dependency=name,
            gates=tuple(_of(judgement, name, GateState.FAILS)),
            undecided=tuple(_of(judgement, name, GateState.CANNOT_TELL)),
            suites=tuple(_at_stake(judgement, name)),
            tests=tuple(_failing_tests(judgement, name)),
            masked=tuple(gate for gate in elsewhere if _is_masked(gate, name, judgement)),
            unexplained=tuple(gate for gate in elsewhere if id(gate) not in explained),
        )
        for name in failing
    )


def _of(judgement: Judgement, dependency: str, state: GateState) -> list[GateResult]:
    return [gate for gate in judgement.gates if gate.gate.dependency == dependency and gate.state is state]


def _own_suites(judgement: Judgement, dependency: str) -> list[tuple[int, str]]:
    return [
        (gate.phase, suite)
        for gate in judgement.gates
        if gate.gate.dependency == dependency and isinstance(gate.gate, CoverageGate)
        for suite in gate.gate.suites
    ]


def _at_stake(judgement: Judgement, dependency: str) -> list[SuiteResult]:
    own = _own_suites(judgement, dependency)
    first = [suite for suite in judgement.suites if (suite.phase, suite.name) in own]
    return first + [suite for suite in judgement.suites if dependency in suite.requires and suite not in first]


def _failing_tests(judgement: Judgement, dependency: str) -> list[TestResult]:
    own = _own_suites(judgement, dependency)
    return [test for test in judgement.tests if (test.phase, test.suite) in own and test.outcome in FAILURES]


def _is_masked(result: GateResult, by: str, judgement: Judgement) -> bool:
    gate = result.gate
    if isinstance(gate, ReliabilityGate):
        return by in gate.requires
    mine = [(result.phase, suite) for suite in gate.suites]
    return any(by in suite.requires for suite in judgement.suites if (suite.phase, suite.name) in mine) or any(
        test.blocked_by == by for test in judgement.tests if (test.phase, test.suite) in mine
    )


def redacted(judgement: Judgement, redact: Callable[[str], str]) -> Judgement:
    """*judgement* with every text redacted, and only with the tests that did not pass."""
    told = [
        test if test.outcome in FAILURES else replace(test, evidence={})
        for test in judgement.tests
        if test.outcome is not Outcome.PASSED
    ]
    masked: Judgement = _masked(replace(judgement, tests=tuple(told)), redact)
    return masked


def _masked(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return value if isinstance(value, StrEnum) else redact(value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: _masked(getattr(value, one.name), redact) for one in fields(value)})
    if isinstance(value, Mapping):
        return {name: _masked(item, redact) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_masked(item, redact) for item in value)
    return value

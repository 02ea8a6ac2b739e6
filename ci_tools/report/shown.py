"""What people are shown of a campaign, masked before it is made inert, which would hide what is looked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from ci_tools.diagnosis.incidents import Incident
from ci_tools.model import Outcome
from ci_tools.verdict.judgement import Judgement, TestResult


def shown(
    judgement: Judgement, incidents: Sequence[Incident], redact: Callable[[str], str]
) -> tuple[Judgement, tuple[Incident, ...]]:
    """*judgement* and *incidents* with every text through *redact* that a page, a log or a terminal may show.

    Of a test that passed as it did before, of which there may be very many, nothing is shown.
    """
    told = tuple(test if _is_silent(test) else masked(replace(test, evidence={}), redact) for test in judgement.tests)
    before = judgement.previous and masked(replace(judgement.previous, tests=()), redact)
    rest = masked(replace(judgement, tests=(), previous=None), redact)
    return replace(rest, tests=told, previous=before), masked(tuple(incidents), redact)


def _is_silent(test: TestResult) -> bool:
    return test.outcome is Outcome.PASSED and test.change is None


def masked(value: Any, redact: Callable[[str], str]) -> Any:
    """*value* of the same shape, dataclasses in it too, with every text through *redact*; names of mappings stay."""
    if isinstance(value, str):
        return value if isinstance(value, Enum) else redact(value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: masked(getattr(value, one.name), redact) for one in fields(value)})
    if isinstance(value, Mapping):
        return {name: masked(item, redact) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return tuple(masked(item, redact) for item in value)
    return value

"""Every entry of the knowledge base, held against its own evidence."""

from collections.abc import Sequence

import pytest

from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.diagnosis.hypotheses import hypotheses
from ci_tools.diagnosis.knowledge import Cause, ExampleClue
from ci_tools.knowledge_file import knowledge

CAUSES = knowledge().cause
SEEN = [cause for cause in CAUSES if any(sign.origin != (Origin.FAILURE,) for sign in cause.signs)]
"""Those that more than a failing test may speak for."""


def clues(examples: Sequence[ExampleClue]) -> list[Clue]:
    """The clues that *examples* stand for."""
    return [
        Clue(ref=f"example#{number}", **example.model_dump(exclude={"times"}))
        for number, example in enumerate(one for each in examples for one in [each] * each.times)
    ]


def named(examples: Sequence[ExampleClue]) -> set[str]:
    """The causes that signs speak for."""
    return {hypothesis.cause.id for hypothesis in hypotheses(clues(examples), knowledge())}


def observed(evidence: Sequence[Sequence[ExampleClue]]) -> list[Sequence[ExampleClue]]:
    """The examples that are not of texts alone."""
    texts = (Origin.FAILURE, Origin.LOG)
    return [examples for examples in evidence if any(one.origin not in texts for one in examples)]


@pytest.mark.parametrize("cause", SEEN, ids=lambda cause: cause.id)
def test_a_cause_is_named_on_its_evidence(cause: Cause) -> None:
    """Each of the examples suffices."""
    examples = observed(cause.fires)

    assert examples
    assert [cause.id in named(one) for one in examples] == [True] * len(examples)


@pytest.mark.parametrize("cause", SEEN, ids=lambda cause: cause.id)
def test_a_cause_is_silent_on_what_only_looks_alike(cause: Cause) -> None:
    """None of the examples makes a sign of it fire."""
    examples = observed(cause.silent)

    assert examples
    assert [cause.id in named(one) for one in examples] == [False] * len(examples)


@pytest.mark.parametrize(
    ("clue", "cause"),
    [
        (ExampleClue(exc_type="WorkerLost", text="the pytest worker died while running it"), "test_infrastructure"),
        (ExampleClue(exc_type="AssertionError", text="the worker of the queue died"), ""),
    ],
)
def test_a_worker_that_died_is_the_runners_trouble(clue: ExampleClue, cause: str) -> None:
    """Whatever else is down: no answer of a system ends the process that runs a test."""
    (tested,) = clues([clue.model_copy(update={"origin": Origin.FAILURE})])

    assert knowledge().of_its_own(tested) == cause


@pytest.mark.parametrize(
    ("clue", "met"),
    [
        (ExampleClue(origin=Origin.FAILURE, code="503", text="POST /api/threads answered 503"), True),
        (
            ExampleClue(origin=Origin.FAILURE, text="closed with 1006 (no close frame) while waiting for agent event"),
            True,
        ),
        (ExampleClue(origin=Origin.FAILURE, code="500", text="500: unexpected RuntimeError"), True),
        (ExampleClue(origin=Origin.FAILURE, code="200", text="tests/test_order.py:503: AssertionError"), False),
        (ExampleClue(origin=Origin.FAILURE, text="redis disconnected after 0.503 s"), False),
        (ExampleClue(origin=Origin.FAILURE, code="500", text="500: unexpected KeyError"), False),
    ],
)
def test_who_runs_into_an_instance_that_ends_says_so(clue: ExampleClue, *, met: bool) -> None:
    """A number in a traceback is no status, and a defect is no end."""
    (tested,) = clues([clue])

    assert any(sign.matches(tested) for sign in knowledge().causes["out_of_memory"].met) is met

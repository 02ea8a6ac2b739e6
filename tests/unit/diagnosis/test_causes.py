"""Every entry of the knowledge base, held against its own evidence."""

from collections.abc import Sequence

import pytest

from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.diagnosis.hypotheses import hypotheses
from ci_tools.diagnosis.knowledge import Cause, ExampleClue
from ci_tools.knowledge_file import knowledge

CAUSES = knowledge().cause
SEEN = [cause for cause in CAUSES if cause.signs]


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

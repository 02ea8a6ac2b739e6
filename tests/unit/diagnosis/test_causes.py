"""Every entry of the knowledge base, held against its own evidence."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from ci_tools.diagnosis.clues import Clue
from ci_tools.diagnosis.hypotheses import hypotheses
from ci_tools.diagnosis.knowledge import Cause, ExampleClue
from ci_tools.knowledge_file import known

CAUSES = known().cause
SOURCES = sorted((Path(__file__).parents[3] / "ci_tools" / "diagnosis").glob("*.py"))


def clues(examples: Sequence[ExampleClue]) -> list[Clue]:
    """The clues that *examples* stand for."""
    return [
        Clue(ref=f"example#{number}", **example.model_dump(exclude={"times"}))
        for number, example in enumerate(one for each in examples for one in [each] * each.times)
    ]


def named(examples: Sequence[ExampleClue]) -> set[str]:
    """The causes that signs speak for."""
    return {hypothesis.cause.id for hypothesis in hypotheses(clues(examples), known())}


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_a_cause_is_named_on_its_evidence(cause: Cause) -> None:
    """Each of the examples suffices."""
    assert cause.fires
    assert [cause.id in named(examples) for examples in cause.fires] == [True] * len(cause.fires)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_a_cause_is_silent_on_what_only_looks_alike(cause: Cause) -> None:
    """None of the examples makes a sign of it fire."""
    assert cause.silent
    assert [cause.id in named(examples) for examples in cause.silent] == [False] * len(cause.silent)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_a_cause_says_what_puts_it_right_and_how_that_shows(cause: Cause) -> None:
    """Whoever is woken by it needs just that."""
    assert cause.summary
    assert cause.remedy
    assert cause.verification


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_code_knows_a_cause_by_its_id(source: Path) -> None:
    """A cause is added to the data and nowhere else."""
    literals = set(re.findall(r'"([a-z_]+)"', source.read_text(encoding="utf-8")))

    assert literals & {cause.id for cause in CAUSES} == set()

import json
from pathlib import Path

import pytest

from tests.diagnosis.corpus import Answered, clustering, main, read, score

LOOKALIKES = Path(__file__).with_name("lookalikes.jsonl")


def line(fingerprint: str, group: str, *, cause: str = "red", certain: bool = True) -> Answered:
    """A line for which ``red`` is acceptable."""
    acceptable = frozenset({"red", "blue"})
    return Answered(id="a", cause=cause, fingerprint=fingerprint, acceptable=acceptable, group=group, certain=certain)


def test_accuracy_counts_lines_whose_label_is_certain() -> None:
    """One right, one wrong, and one that does not count: a half."""
    lines = [line("1", "g"), line("1", "g", cause="green"), line("1", "g", cause="green", certain=False)]
    figures = score(lines)

    assert (figures.lines, figures.certain_lines, figures.right, figures.accuracy) == (3, 2, 1, 0.5)
    assert [one["certain"] for one in figures.wrong] == [True, False]


def test_an_abstention_is_wrong() -> None:
    """Unless the line itself says that nothing can be told."""
    assert score([line("1", "g", cause="unknown")]).accuracy == 0.0


def test_a_perfect_clustering_is_one() -> None:
    """Every group has its own fingerprint."""
    figures = clustering([line("1", "g"), line("1", "g"), line("2", "h")])

    assert (figures.precision, figures.recall, figures.f1) == (1.0, 1.0, 1.0)


def test_merging_costs_precision() -> None:
    """Two of three alike and one stranger: (2/3 + 2/3 + 1/3) / 3."""
    lines = [line("1", "g"), line("1", "g"), line("1", "h")]
    figures = clustering(lines)

    assert (figures.precision, figures.recall) == (pytest.approx(5 / 9, abs=1e-4), 1.0)
    assert figures.f1 == pytest.approx(2 * (5 / 9) / (1 + 5 / 9), abs=1e-4)
    assert score(lines).merged == {"1": ["g", "h"]}


def test_splitting_costs_recall() -> None:
    """A group of three in a pair and a single: (2/3 + 2/3 + 1/3) / 3."""
    lines = [line("1", "g"), line("1", "g"), line("2", "g")]
    figures = clustering(lines)

    assert (figures.precision, figures.recall) == (1.0, pytest.approx(5 / 9, abs=1e-4))
    assert score(lines).split == {"g": 2}


def test_nothing_scores_nothing() -> None:
    """An empty corpus is no success."""
    figures = score([])

    assert (figures.accuracy, figures.clustering.f1) == (0.0, 0.0)


@pytest.mark.parametrize("field", ["acceptable_causes", "group", "label_why", "scope", "format"])
def test_the_answers_are_not_looked_at(field: str) -> None:
    """Whatever stands in the fields of the answers, the reading is the same."""
    told = {"message": "something", "acceptable_causes": ["red"], "group": "g", "confidence": "high"}
    hint = "QueuePool limit reached"
    more = {**told, field: [hint] if field == "acceptable_causes" else hint}

    assert [one.cause for one in read([told, more], joint=False)] == ["unknown", "unknown"]


def test_lookalikes_are_read_right() -> None:
    """Failures in the words of the libraries and the platform that the system uses."""
    documents = [json.loads(text) for text in LOOKALIKES.read_text(encoding="utf-8").splitlines()]
    figures = score(read(documents, joint=False))

    assert figures.lines >= 90
    assert figures.accuracy >= 0.95
    assert figures.clustering.f1 >= 0.97
    assert figures.merged == {}


def test_the_command_prints_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON, for whoever keeps them."""
    assert main(["--corpus", str(LOOKALIKES), "--joint"]) == 0
    assert json.loads(capsys.readouterr().out)["lines"] >= 90

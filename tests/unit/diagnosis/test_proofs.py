from ci_tools.diagnosis.proofs import told
from tests.unit.diagnosis.clinic import clue


def test_the_same_in_other_figures_is_told_once() -> None:
    """Forty attempts of a gate say one thing."""
    spoken = [("it refuses", True, clue("cache", f"refused after {number} ms")) for number in range(40)]

    assert [proof.text for proof in told(spoken)] == ["refused after 0 ms"]


def test_of_what_means_the_same_a_few_are_told() -> None:
    """Three suffice, and leave room for what means something else."""
    spoken = [("it refuses", True, clue("cache", f"refused: {word}")) for word in "abcdef"]
    other = ("it is late", False, clue("cache", "late"))

    assert [proof.text for proof in told([*spoken, other])] == ["refused: a", "refused: b", "refused: c", "late"]


def test_long_words_are_shortened_to_one_line() -> None:
    """What is told stands in a table."""
    (proof,) = told([("it says much", False, clue("cache", "word\n" * 1000))])

    assert len(proof.text) == 400
    assert proof.text.endswith("…")

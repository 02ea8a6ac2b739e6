from dataclasses import replace

from ci_tools.model import Change, NodeId, Outcome
from ci_tools.report.shown import masked, shown
from tests.unit.report.judgements import COMPARED, FAIL, PASS
from tests.unit.triage.scenarios import incident


def redact(text: str) -> str:
    """Text without the word that nobody may see."""
    return text.replace("shop", "[redacted]")


def test_every_text_that_is_shown_is_masked() -> None:
    """Of the campaign, of the one before, of what fails and of its incidents."""
    told, incidents = shown(COMPARED, [incident("shop", remedy=())], redact)

    assert "shop" not in repr((replace(told, tests=()), incidents))
    assert told.previous is not None
    assert told.previous.revision == "[redacted]-00041"


def test_a_test_that_shows_is_masked() -> None:
    """One that failed, and one that is fixed; without its evidence, which no page shows."""
    tests = tuple(
        replace(test, node_id=NodeId("test_shop"), outcome=outcome, change=change, evidence={"shop": 1})
        for test, outcome, change in zip(
            FAIL.tests, (Outcome.FAILED, Outcome.PASSED, Outcome.PASSED), (None, Change.FIXED, None), strict=True
        )
    )

    told, _ = shown(replace(FAIL, tests=tests), (), redact)

    assert [test.node_id for test in told.tests] == ["test_[redacted]", "test_[redacted]", "test_shop"]
    assert [test.evidence for test in told.tests[:2]] == [{}, {}]


def test_what_is_no_text_stays() -> None:
    """Numbers, verdicts and times are what they were."""
    told, _ = shown(PASS, (), redact)

    assert (told.verdict, told.started_at, told.time_scale, told.previous) == (
        PASS.verdict,
        PASS.started_at,
        PASS.time_scale,
        None,
    )


def test_names_in_a_mapping_stay() -> None:
    """They are what is looked up."""
    assert masked({"shop": ["shop", 1]}, redact) == {"shop": ("[redacted]", 1)}

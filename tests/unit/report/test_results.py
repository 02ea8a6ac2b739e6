import json

import pytest
from jsonschema import Draft202012Validator

from ci_tools.report.results import document
from ci_tools.report.schema import schema
from tests.unit.report.judgements import FAIL, INCONCLUSIVE, KILLED, PASS, SCENARIOS
from tests.unit.report.test_incident_words import INCIDENT


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_judgement_satisfies_the_published_schema(scenario: str) -> None:
    """Whatever became of a campaign, its document is as described."""
    validator = Draft202012Validator(schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)

    problems = [error.message for error in validator.iter_errors(document(SCENARIOS[scenario]))]

    assert problems == []


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_document_is_plain_json(scenario: str) -> None:
    """Nothing is lost on the way through a file, and no figure is outside of JSON."""
    result = document(SCENARIOS[scenario])

    assert json.loads(json.dumps(result, allow_nan=False)) == result


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_test_is_lost(scenario: str) -> None:
    """The outcomes of a suite add up to what was planned."""
    (suite,) = document(SCENARIOS[scenario])["suites"]

    outcomes = ("passed", "failed", "errored", "skipped", "blocked", "not_run")
    assert sum(suite[outcome] for outcome in outcomes) == suite["planned"] == 3


def test_a_pass_names_its_deployment_and_no_reason() -> None:
    """A pass is of one deployment, complete, and has nothing to explain."""
    result = document(PASS)

    assert result["verdict"] == {"verdict": "pass", "reasons": [], "inconclusive_policy": "block", "problems": []}
    assert result["deployment"] == {"revision": "shop-00042", "sha": "0123456789abcdef"}
    assert result["campaign"]["complete"] is True


def test_a_failing_gate_carries_its_figures() -> None:
    """Observed rate, sample size, interval, threshold and latency stand beside the state."""
    gate = document(FAIL)["gates"][0]

    assert (gate["state"], gate["observed"], gate["n"], gate["good"]) == ("fails", 0.5, 2, 1)
    assert gate["interval"][0] < 0.5 < gate["interval"][1]
    assert gate["latency"]["n"] == 2
    assert gate["detail"] == "1 of 2 attempts: 503 instead of 200: Redis is gone"


def test_thresholds_are_in_real_seconds() -> None:
    """What was declared unscaled is told as it was applied."""
    threshold = document(PASS)["gates"][0]["threshold"]

    assert (threshold["under_s"], threshold["target_s"]) == (pytest.approx(0.3), pytest.approx(0.05))


def test_a_coverage_gate_has_no_latency_threshold() -> None:
    """Tests are counted, not timed."""
    assert document(PASS)["gates"][1]["threshold"] == {"floor": 0.9, "target": None}


def test_figures_are_told_with_what_they_stand_on() -> None:
    """Wish, value, sample size and answer, in real seconds; what the plan does not measure is left out."""
    shop, pace, orders = document(PASS)["kpis"]

    assert (shop["name"], shop["target"], shop["value"], shop["n"], shop["state"]) == ("shop", 0.9, 1.0, 5, "met")
    assert (pace["about"], pace["under_s"], pace["target"]) == ("the shop is quick", pytest.approx(0.015), None)
    assert (pace["value"], pace["state"]) == (0.02, "missed")
    assert (orders["value"], orders["n"], orders["state"]) == (1.0, 3, "met")


def test_a_blocked_test_names_what_blocked_it() -> None:
    """Being throttled is told of the edge, not of the test."""
    blocked = document(INCONCLUSIVE)["tests"][1]

    assert (blocked["outcome"], blocked["blocked_by"]) == ("blocked", "edge")


def test_a_killed_campaign_is_incomplete_and_says_why() -> None:
    """What is missing after a kill is named."""
    result = document(KILLED)

    assert (result["verdict"]["verdict"], result["campaign"]["complete"]) == ("inconclusive", False)
    assert result["deployment"] is None
    assert result["phases"][0]["finished_at"] is None
    assert "interrupted: SIGTERM was received" in result["verdict"]["reasons"]
    assert result["verdict"]["problems"] == ["phase1-gw0.jsonl: the last line is torn (17 bytes dropped)"]


def test_an_incident_satisfies_the_published_schema() -> None:
    """With its cause, its proofs and what it takes along."""
    result = document(FAIL, [INCIDENT])
    validator = Draft202012Validator(schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)

    (told,) = result["incidents"]
    assert list(validator.iter_errors(result)) == []
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["id"], told["certainty"], told["cause"]) == ("cache-1", "confirmed", "refused")

import pytest

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.model import DependencyState, NodeId, Outcome, Previous, PreviousTest
from tests.unit.diagnosis.campaigns import down, held_back, incidents, ran, up
from tests.unit.diagnosis.clinic import at


def test_an_outage_is_one_incident_however_many_tests_it_takes() -> None:
    """With those that fail, those that were held back, and the gates that cannot tell."""
    (incident,) = incidents(
        down("cache", "connection refused", sampled=True),
        ran("agents", "test_a"),
        ran("agents", "test_b"),
        held_back("agents", "test_c", "cache"),
    )

    assert (incident.id, incident.cause, incident.certainty) == ("cache-1", "refused", Certainty.CONFIRMED)
    assert incident.failed == ("agents.py::test_a", "agents.py::test_b")
    assert incident.blocked == ("agents.py::test_c",)
    assert incident.masked == ("socket_opens",)


def test_an_incident_says_what_is_at_stake_and_what_to_do() -> None:
    """The value of the suites it hits, the remedy, and how that shows."""
    (incident,) = incidents(down("cache", "refused", sampled=True), ran("agents", "test_a"))

    assert incident.value == ("nobody answers (agents)",)
    assert [(step.about, step.command) for step in incident.remedy] == [("start it again", "start it")]
    assert incident.verification == "it answers"


def test_an_incident_goes_to_the_owner_of_its_dependency() -> None:
    """By CODEOWNERS, and it says so."""
    (incident,) = incidents(down("cache", "refused", sampled=True))

    assert (incident.owners, incident.owned_because) == (("@cache",), "CODEOWNERS of /dependencies/cache")


def test_a_cause_can_have_an_owner_of_its_own() -> None:
    """Who puts it right is not always who suffers."""
    slow = [up(name, probe="checks", latency_s=0.5) for name in ("service", "edge") for _ in range(3)]
    (incident,) = incidents(*slow)

    assert (incident.cause, incident.dependency, incident.owners) == ("stuck", "service", ("@edge-team",))


def test_latencies_are_read_in_the_time_of_the_real_system() -> None:
    """A twin's half second is the resolver's five."""
    slow = [up(name, probe="checks", latency_s=0.5) for name in ("service", "edge") for _ in range(3)]

    assert incidents(*slow)[0].evidence[0].text == "service and edge all take 5.0 s"


def test_two_causes_are_two_incidents() -> None:
    """A failing test belongs to what it judges, not to whatever else is down."""
    cache, agents = incidents(
        down("cache", "no such name", sampled=True), down("agents", "", code="no_event"), ran("agents", "test_a")
    )

    assert (cache.id, cache.failed) == ("cache-1", ())
    assert (agents.id, agents.failed) == ("agents-1", ("agents.py::test_a",))


def test_a_failure_that_needs_nothing_dead_is_an_incident_of_its_own() -> None:
    """It is not absorbed by whatever else is down."""
    cache, store = incidents(down("cache", "refused", sampled=True), ran("store", "test_a", message="it lost my row"))

    assert cache.failed == ()
    assert (store.dependency, store.cause, store.failed) == ("store", "unknown", ("store.py::test_a",))


def test_what_no_outage_brings_about_is_an_incident_of_its_own() -> None:
    """Even if the test needs what is down: over-grouping would hide the second cause."""
    store, defect = incidents(
        down("store", "refused", sampled=True),
        ran("store", "test_a", message="500: unexpected KeyError"),
        ran("store", "test_b", message="500: no answer"),
    )

    assert (store.cause, store.failed) == ("refused", ("store.py::test_b",))
    assert (defect.cause, defect.failed) == ("defect", ("store.py::test_a",))


def test_what_is_its_own_joins_what_was_seen_of_it() -> None:
    """The service's own log tells of the same defect: that is one incident."""
    (defect,) = incidents(
        down("store", "it met an unexpected KeyError", sampled=True),
        ran("store", "test_a", message="unexpected KeyError"),
    )

    assert (defect.cause, defect.failed) == ("defect", ("store.py::test_a",))


FORGOTTEN = {"exchanges": [{"method": "PATCH", "status": 200}, {"method": "GET", "status": 200}]}


@pytest.mark.parametrize("logged", [True, False], ids=["logged", "not logged"])
def test_an_answer_that_forgets_is_not_the_error_that_another_test_met(logged: bool) -> None:  # noqa: FBT001
    """Whoever was answered well throughout has met nothing of what the service logs."""
    log = [down("store", "it met an unexpected KeyError", kind="errors")] if logged else []
    one, other = incidents(
        *log,
        ran("store", "test_a", message="500: unexpected KeyError"),
        ran("store", "test_b", message="the other title", evidence=FORGOTTEN),
    )

    assert [one.cause, other.cause] == ["defect", "defect"]
    assert [one.failed, other.failed] == [("store.py::test_a",), ("store.py::test_b",)]


def test_failures_are_told_apart_by_what_their_texts_speak_for() -> None:
    """Two causes at one dependency are two incidents."""
    one, other = incidents(ran("store", "test_a", message="timeout"), ran("store", "test_b", message="what is that"))

    assert {one.cause, other.cause} == {"unreachable", "unknown"}
    assert {one.id, other.id} == {"store-1", "store-2"}


def test_the_chain_says_what_is_observed_and_what_inferred() -> None:
    """Five whys; how it usually comes about is never observed."""
    (incident,) = incidents(down("cache", "connection refused", sampled=True), ran("agents", "test_a"))

    assert [(why.answer, why.observed) for why in incident.whys] == [
        ("1 test fails, 1 gate cannot tell", True),
        ("they need cache, which fails", True),
        ("connection refused", True),
        ("it is not running", True),
        ("its process has ended", False),
    ]


def test_the_cascade_leads_from_the_cause_to_all_it_hits() -> None:
    """Failing, masked, or only at risk."""
    (incident,) = incidents(down("cache", "refused", sampled=True), down("agents", "timeout"))

    assert {(link.lower, link.upper, link.effect) for link in incident.cascade} == {
        ("cache", "agents", "failing"),
        ("cache", "socket", "masked"),
    }


def test_an_incident_lasts_from_its_first_sight_to_its_last() -> None:
    """Probes and failing tests count."""
    (incident,) = incidents(down("cache", "refused", sampled=True, at=at(1)), ran("agents", "test_a"))

    assert (incident.first_seen, incident.last_seen) == (at(1), at(6))


def test_what_repeats_itself_is_told_once() -> None:
    """A gate's attempts all say one thing."""
    (incident,) = incidents(*[down("cache", "refused", sampled=True)] * 5)

    assert [(proof.ref, proof.text, proof.discriminates) for proof in incident.evidence] == [
        ("cache#1", "refused", True)
    ]


def test_a_campaign_without_failures_has_no_incident() -> None:
    """Nothing is wrong, so nothing is told."""
    assert incidents(up("cache"), ran("agents", "test_a", Outcome.PASSED)) == ()


def test_what_a_deploy_broke_is_said_to_be_since_then() -> None:
    """Where nothing else speaks, the campaign before tells."""
    before = Previous(
        campaign="b",
        revision="rev-1",
        tests=(PreviousTest(node_id=NodeId("store.py::test_a"), outcome=Outcome.PASSED, duration_s=1),),
    )
    (incident,) = incidents(up("cache"), ran("store", "test_a", message="odd"), previous=before)

    assert incident.cause == "broken_deploy"


def test_a_test_whose_words_name_a_finding_belongs_to_it() -> None:
    """An outage that comes and goes has no one window."""
    (incident,) = incidents(
        down("store", "refused", at=at(1)),
        up("store", at=at(2)),
        ran("store", "test_a", message="connection refused"),
    )

    assert (incident.cause, incident.failed) == ("refused", ("store.py::test_a",))


def test_a_test_that_met_a_service_between_two_instances_belongs_to_that() -> None:
    """Nobody looked just then; a test that does not need the service met something else."""
    found = incidents(
        down("service", "instance ended", at=at(-5)),
        up("service", at=at(-4)),
        ran("store", "test_a", message="GET /a answered 503"),
        ran("agents", "test_b", message="GET /b answered 503"),
        ran("store", "test_c", message="odd"),
        ran("edge", "test_d", message="GET /d answered 503"),
    )
    (restarts,) = [one for one in found if one.cause == "restarts"]

    assert restarts.failed == ("agents.py::test_b", "store.py::test_a")
    assert sorted(one.failed for one in found if one is not restarts) == [("edge.py::test_d",), ("store.py::test_c",)]


def test_what_is_masked_and_was_asked_about_in_vain_is_named() -> None:
    """What stands beneath a gate that cannot tell, as far as somebody wanted to know."""
    unasked = down("service", "no answer", state=DependencyState.UNKNOWN)
    (incident,) = incidents(down("cache", "refused", sampled=True), unasked, held_back("agents", "test_a", "cache"))

    assert ("cache", "service", "masked") in {(one.lower, one.upper, one.effect) for one in incident.cascade}
    assert "edge" not in {one.upper for one in incident.cascade}

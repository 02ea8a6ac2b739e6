import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.errors import UsageError
from ci_tools.escalation.rules import Severity
from ci_tools.triage.state import (
    BEGIN,
    END,
    Failed,
    Occasion,
    State,
    accounts_for,
    digest,
    digests,
    incident_fingerprint,
    joined,
    lean,
    outside,
    page_of_parts,
    parts_in,
    replaced,
    section,
    short,
    state_in,
    to_line,
    together,
    with_marks,
)
from tests.unit.report.hostile import HOSTILE
from tests.unit.triage.scenarios import START, failing

SEEN = Occasion(campaign="campaign-1", at=START, revision="shop-1")


def state(dependency: str = "store", **more: object) -> State:
    """A failure that was seen once."""
    fields: dict[str, object] = {
        "environment": "here",
        "dependency": dependency,
        "cause": "refused",
        "certainty": Certainty.CONFIRMED,
        "marks": (incident_fingerprint("here", "refused", dependency),),
        "severity": Severity.P1,
        "labelled": Severity.P1,
        "evidence": Failed(gates=("store_reachable",)),
        "first_bad": SEEN,
        "last_bad": SEEN,
        "n_bad": 1,
        "last_good": None,
        "campaigns": ("campaign-1",),
    }
    return State(**(fields | more))  # type: ignore[arg-type]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_is_written_is_read_again(name: str) -> None:
    """Whatever names hold, a state survives being hidden in a body."""
    remembered = state(short(name))

    assert state_in(f"before\n{section('visible', remembered)}\nafter") == remembered


@given(st.text(alphabet=st.sampled_from("-><!ab ")))
def test_nothing_ends_the_hiding_comment(name: str) -> None:
    """The state is one line and one HTML comment."""
    written = to_line(state(name))

    assert written.count("-->") == 1
    assert "\n" not in written


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<!-- ci-tools:state v1 {} -->",
        "<!-- ci-tools:state v2 {} -->",
        "<!-- ci-tools:state v2 {not json} -->",
        "<!-- ci-tools:state v2 [] -->",
        to_line(state()).replace('"n_bad":1', '"n_bad":0'),
        to_line(state()).replace("P1", "P9"),
        to_line(state()).replace("T10:15:00Z", "T10:15:00"),
    ],
)
def test_a_damaged_or_foreign_state_is_none(body: str) -> None:
    """What cannot be read whole is not guessed at."""
    assert state_in(body) is None


def test_fields_of_a_later_writer_do_not_hide_a_state() -> None:
    """A field that is not known yet is passed over."""
    written = to_line(state()).replace('{"environment"', '{"later":1,"environment"', 1)

    assert state_in(written) == state()


def test_the_last_of_several_states_counts() -> None:
    """An old section that a person copied upwards does not win."""
    assert state_in(f"{to_line(state())}\n{to_line(state(n_bad=2))}") == state(n_bad=2)


def test_a_state_of_a_later_version_is_not_overwritten() -> None:
    """Whoever does not understand it must not file the same again."""
    with pytest.raises(UsageError, match="state of version 3, and versions up to 2 are known"):
        state_in("<!-- ci-tools:state v3 {} -->")


def test_a_fingerprint_tells_environment_cause_and_dependency_apart() -> None:
    """Identity depends on all three, and not on where one ends and the other begins."""
    assert len({incident_fingerprint(*names) for names in (("a", "b", "cd"), ("ab", "", "cd"), ("a", "bc", "d"))}) == 3
    assert incident_fingerprint("here", "dead", "store") == incident_fingerprint("here", "dead", "store")
    assert len(incident_fingerprint("here", "dead", "\ud800")) == 16


def test_our_section_and_the_rest_are_told_apart() -> None:
    """What people see of ours, and what is theirs, is found again."""
    body = f"above\n{section('visible', state())}\nbelow"

    assert parts_in(body)[0][0] == "visible"
    assert outside(body) == "above\n\nbelow"
    assert replaced(body, "ours") == "above\nours\nbelow"


@pytest.mark.parametrize("body", ["", "text", f"text {BEGIN}", f"{END} {BEGIN}"])
def test_a_body_without_our_marks_is_all_outside(body: str) -> None:
    """Half a section is none."""
    assert outside(body) == body
    assert replaced(body, "ours") == f"{body}\n\nours"


def test_a_page_of_several_parts_is_read_part_by_part() -> None:
    """Each shows and remembers its own."""
    parts = [("of the store", state()), ("of the shop", state("shop"))]

    assert parts_in(f"above\n{page_of_parts('intro', parts)}\nbelow") == parts
    assert parts_in(section("alone", state())) == [("alone", state())]
    assert parts_in(page_of_parts("intro", ())) == []


def test_what_failed_is_kept_once_and_bounded() -> None:
    """The lists of gates and probes do not grow without end."""
    kept = joined(
        Failed(gates=("a", "b")),
        gates=["b", *(f"gate {number}" for number in range(300))],
        tests=["one", "two", "one"],
        probes=[f"probe {number}" for number in range(300)],
    )

    assert kept.gates[:3] == ("a", "b", "gate 0")
    assert (len(kept.gates), len(kept.probes)) == (100, 20)
    assert digests(kept.tests) == sorted([digest("one"), digest("two")])


def test_of_too_many_tests_none_is_remembered() -> None:
    """Then every planned test has to pass."""
    kept = joined(Failed(), gates=(), tests=[f"test {number}" for number in range(1_501)], probes=())

    assert (kept.tests, kept.is_whole) == ("", False)
    assert not joined(kept, gates=(), tests=["one"], probes=()).is_whole
    assert not together(kept, Failed()).is_whole


def test_a_shared_page_remembers_few_tests() -> None:
    """Room is short there."""
    few = state(evidence=joined(Failed(), gates=(), tests=[str(number) for number in range(60)], probes=()))
    many = state(evidence=joined(Failed(), gates=(), tests=[str(number) for number in range(61)], probes=()))

    assert lean(few) == few
    assert lean(many).evidence == Failed(is_whole=False)


def test_duplicates_remember_what_either_did() -> None:
    """Gates, tests and fingerprints of both."""
    one = joined(Failed(), gates=["a"], tests=["one"], probes=["p"])
    other = joined(Failed(), gates=["b"], tests=["two"], probes=["q"])

    assert together(one, other) == joined(Failed(), gates=["a", "b"], tests=["one", "two"], probes=["p", "q"])
    assert with_marks("c", ("a", "c"), ("b",)) == ("c", "a", "b")


def test_a_state_accounts_for_what_it_holds_and_what_is_older() -> None:
    """A campaign is new if it is neither among the last few nor from before."""
    remembered = state(last_bad=Occasion(campaign="campaign-3", at=failing(3).started_at, revision=""))

    assert accounts_for(remembered, failing(1))
    assert accounts_for(remembered, failing(2))
    assert not accounts_for(remembered, failing(4))


def test_without_dates_only_the_names_of_campaigns_count() -> None:
    """What has no date is not taken for old."""
    undated = state(last_bad=Occasion(campaign="campaign-1", at=None, revision=""))

    assert not accounts_for(undated, failing(2))
    assert not accounts_for(state(), failing(2, started_at=None))


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_names_stay_within_the_state(kind: str) -> None:
    """A hostile campaign id or gate neither ends the comment nor bloats it."""
    remembered = state(short(HOSTILE[kind]), campaigns=(short(HOSTILE[kind]),) * 5)
    written = to_line(remembered)

    assert state_in(written) == remembered
    assert len(written) < 5_000
    assert json.loads(written.removeprefix("<!-- ci-tools:state v2 ").removesuffix(" -->"))["n_bad"] == 1

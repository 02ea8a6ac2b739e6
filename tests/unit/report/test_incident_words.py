import re
from dataclasses import replace

import pytest

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.diagnosis.incidents import Consequence, Incident, Link, Proof, RuledOut, Why
from ci_tools.diagnosis.knowledge import Remedy
from ci_tools.model import NodeId
from ci_tools.report.incident_words import explanation, headline, impact, page, since
from tests.unit.diagnosis.clinic import at
from tests.unit.report.hostile import HOSTILE

INCIDENT = Incident(
    id="cache-1",
    certainty=Certainty.CONFIRMED,
    cause="refused",
    summary="it is not running",
    dependency="cache",
    owners=("@cache-team",),
    owned_because="CODEOWNERS of /dependencies/cache",
    evidence=(Proof(ref="cache#1", says="nothing listens", text="Connection refused", discriminates=True, at=at(1)),),
    rivals=(
        RuledOut(cause="unreachable", separates="a packet came back", by=("cache#1",)),
        RuledOut(cause="slow", separates="it would answer some day"),
    ),
    consequences=(Consequence(dependency="socket", cause="unreachable", says="it stands on cache"),),
    failed=(NodeId("agents.py::test_a"),),
    blocked=(NodeId("agents.py::test_b"), NodeId("agents.py::test_c")),
    masked=("socket_opens",),
    first_seen=at(1),
    last_seen=at(61),
    value=("nobody answers (agents)",),
    remedy=(Remedy(about="start it again", command="start it"),),
    verification="it answers",
    whys=(Why(question="why does cache fail?", answer="Connection refused", observed=True),),
    cascade=(Link(lower="cache", upper="socket", effect="failing"),),
)


def test_a_headline_names_the_cause_and_how_sure_it_is() -> None:
    """What is unknown is not called sure at all."""
    assert headline(INCIDENT) == "cache-1: it is not running (confirmed)"
    assert headline(replace(INCIDENT, certainty=Certainty.UNKNOWN)) == "cache-1: it is not running"


def test_the_impact_counts_every_kind_of_victim() -> None:
    """In words, singular and plural."""
    assert impact(INCIDENT) == "1 test fails, 2 tests are held back, 1 gate cannot tell"
    assert impact(replace(INCIDENT, failed=(), blocked=(), masked=())) == "no test fails of it"


def test_a_time_that_nobody_recorded_is_not_made_up() -> None:
    """An old journal does not say when."""
    assert since(INCIDENT) == "2025-09-16 12:00:01 UTC, last seen 12:01:01"
    assert since(replace(INCIDENT, first_seen=None)) == "a time that nobody recorded"


def test_an_explanation_tells_the_whole_incident() -> None:
    """What shows it, what it is not, what follows, why, and what puts it right."""
    assert (
        explanation(INCIDENT)
        == """\
cache-1: it is not running (confirmed)

  next      start it again: start it
  owner     @cache-team (CODEOWNERS of /dependencies/cache)
  cause     refused at cache, confirmed
  impact    1 test fails, 2 tests are held back, 1 gate cannot tell
  since     2025-09-16 12:00:01 UTC, last seen 12:01:01
  at stake  nobody answers (agents)

What shows it
  - nothing listens — this tells it from everything else: “Connection refused” (cache#1)

What it is not
  - unreachable: a packet came back (ruled out by cache#1)

Not ruled out
  - slow: it would answer some day

What follows from it
  - socket: it stands on cache

Why
  - why does cache fail? Connection refused [observed]

How it spreads
  - cache → socket: failing

What puts it right
  - start it again: start it

How that shows
  - it answers

Failing because of it
  - agents.py::test_a

Held back because of it
  - agents.py::test_b
  - agents.py::test_c

Masked by it
  - socket_opens
"""
    )


def test_an_explanation_leaves_out_what_there_is_not() -> None:
    """An unknown cause has no remedy; nobody owns it, and that is said."""
    bare = Incident(
        id="cache-1", certainty=Certainty.UNKNOWN, cause="unknown", summary="cache fails", dependency="cache"
    )

    assert (
        explanation(bare)
        == """\
cache-1: cache fails

  next      look at cache itself: no cause is known, hence no remedy
  owner     nobody: no CODEOWNERS file names an owner
  cause     unknown, at cache
  impact    no test fails of it
  since     a time that nobody recorded
"""
    )


def test_a_long_list_of_victims_is_cut_and_counted() -> None:
    """The rest stands in the results."""
    many = replace(INCIDENT, failed=tuple(NodeId(f"t{number}") for number in range(30)))

    assert "  - … and 22 more in test_results.json" in explanation(many)


def test_long_lists_of_proofs_and_stakes_are_cut_and_counted() -> None:
    """A page is read by somebody who was asleep."""
    many = replace(INCIDENT, evidence=INCIDENT.evidence * 30, value=tuple(f"s{number}" for number in range(30)))

    assert "  - … and 22 more in test_results.json" in explanation(many)
    assert "  at stake  s0; s1; s2; and 27 more\n" in explanation(many)


def test_what_is_no_next_step_is_folded() -> None:
    """Further steps, what shows that it is right, more proof, and what was ruled out."""
    more = Proof(ref="cache#2", says="it is silent", text="nothing", discriminates=False)
    steps = (*INCIDENT.remedy, Remedy(about="look again"))

    folded = page([replace(INCIDENT, evidence=(*INCIDENT.evidence, more), remedy=steps)]).partition("<details>")[2]

    assert folded == (
        "<summary>more of it</summary>\n\nThen:\n\n- look again\n\nIt is right again when:\n\n- it answers\n\n"
        "Also shown by:\n\n- it is silent\\: “nothing” \\(cache\\#\u200b2\\)\n\n"
        "Ruled out:\n\n- unreachable\\: a packet came back \\(ruled out by cache\\#\u200b1\\)\n\n</details>"
    )


def test_a_page_tells_each_incident_with_what_to_do_next() -> None:
    """Nothing at all where there is none."""
    text = page([INCIDENT])

    assert text.startswith(
        "## cache\\-1\\: it is not running \\(confirmed\\)\n\n- **next** start it again\\: start it\n- **since** 2025"
    )
    assert page([]) == ""


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_stay_inert(words: str) -> None:
    """In a terminal and on a page."""
    hostile = replace(
        INCIDENT,
        summary=words,
        evidence=(Proof(ref=words, says=words, text=words, discriminates=False),),
        failed=(NodeId(words),),
    )
    told = explanation(hostile) + page([hostile])

    assert "\x1b" not in told
    assert "\n::" not in told
    assert re.sub(r"\\<|</?details>|</?summary>", "", page([hostile])).count("<") == 0
    assert len(told) < 20_000

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
    assert since(INCIDENT) == "2025-09-16 12:00:01 to 12:01:01 UTC"
    assert since(replace(INCIDENT, first_seen=None)) == "at a time that nobody recorded"


def test_an_explanation_tells_the_whole_incident() -> None:
    """What shows it, what it is not, what follows, why, and what puts it right."""
    assert (
        explanation(INCIDENT)
        == """\
cache-1: it is not running (confirmed)

  owner     @cache-team (CODEOWNERS of /dependencies/cache)
  cause     refused at cache, confirmed
  impact    1 test fails, 2 tests are held back, 1 gate cannot tell
  seen      2025-09-16 12:00:01 to 12:01:01 UTC
  at stake  nobody answers (agents)

What shows it
  - nothing listens — this tells it from everything else: “Connection refused” (cache#1)

What it is not
  - unreachable: a packet came back (ruled out by cache#1)
  - slow: it would answer some day (not ruled out)

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

  owner     nobody: CODEOWNERS names no owner
  cause     unknown at cache, unknown
  impact    no test fails of it
  seen      at a time that nobody recorded
"""
    )


def test_a_long_list_of_victims_is_cut_and_counted() -> None:
    """The rest stands in the results."""
    many = replace(INCIDENT, failed=tuple(NodeId(f"t{number}") for number in range(30)))

    assert "  - … and 22 more in test_results.json" in explanation(many)


def test_a_page_tells_each_incident_with_what_to_do_next() -> None:
    """Nothing at all where there is none."""
    text = page([INCIDENT])

    assert text.startswith("## Incidents\n\n### cache\\-1\\: it is not running \\(confirmed\\)")
    assert "- start it again\\: start it" in text
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
    assert "<" not in page([hostile]).replace("\\<", "")
    assert len(told) < 20_000

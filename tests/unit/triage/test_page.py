from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from ci_tools.diagnosis.incidents import Incident
from ci_tools.evidence.redaction import Redactor
from ci_tools.model import Deployment
from ci_tools.triage.decide import Surroundings, decide
from ci_tools.triage.fitting import MAX_BODY_BYTES
from ci_tools.triage.operations import CreateIssue
from ci_tools.triage.state import BEGIN, END, parts_in, state_in
from ci_tools.triage.surroundings import Commit
from ci_tools.verdict.judgement import Judgement
from tests.unit.report.hostile import HOSTILE
from tests.unit.triage.bodies import visible_in
from tests.unit.triage.crises import AROUND_STAGING, looks, nobody_knows, redis_outage, two_at_once

GOLDEN = Path(__file__).parent / "golden"
GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
Crisis = Callable[[], tuple[Judgement, tuple[Incident, ...]]]
CANARY = "canary-9f2c-hunter2"


def filed(crisis: Crisis, around: Surroundings = AROUND_STAGING) -> list[CreateIssue]:
    """The issues of *crisis*."""
    seen, incidents = crisis()
    told = decide((), seen, around, incidents, looks())
    return [one for one in told if isinstance(one, CreateIssue)]


def as_golden(issues: list[CreateIssue]) -> str:
    """What people read of *issues*: title, labels and visible text."""
    return "\n".join(f"{one.title}\n{', '.join(one.labels)}\n\n{visible_in(one.body)}\n" for one in issues)


@pytest.mark.parametrize(
    ("crisis", "name"),
    [(redis_outage, "redis_outage.md"), (two_at_once, "two_incidents.md"), (nobody_knows, "unknown.md")],
)
def test_the_page_of_an_issue(crisis: Crisis, name: str) -> None:
    """What a person reads who has just been woken is what people agreed on."""
    assert as_golden(filed(crisis)) == (GOLDEN / name).read_text(encoding="utf-8")


def _spoiled(value: Any, text: str, name: str = "") -> Any:
    """*value* with *text* for every text from outside in it; what ties its parts together is left apart by a number."""
    if isinstance(value, str):
        kept = isinstance(value, Enum) or name in ("kind", "cause", "verdict", "blocked_by")
        return value if kept else text
    if isinstance(value, dict):
        return {key: _spoiled(item, text) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_spoiled(item, text, name) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: _spoiled(getattr(value, one.name), text, one.name) for one in fields(value)})
    return value


@cache
def spoiled(text: str) -> CreateIssue:
    """The issue of an outage in which every single text from outside is *text*."""
    seen, incidents = redis_outage()
    seen = replace(_spoiled(seen, text), faults=(text,), deployment=Deployment(revision=text, sha=text))
    remedies = incidents[0].remedy
    hostile = tuple(_spoiled(replace(one, owned_because=""), text) for one in incidents)
    around = replace(AROUND_STAGING, owners=(), explained={}, commits=(Commit(text, text),))
    made = decide((), seen, around, tuple(replace(one, remedy=remedies) for one in hostile))
    (created,) = [one for one in made if isinstance(one, CreateIssue)]
    return created


@pytest.mark.parametrize("exchanges", ["none", [7, "text", None], 7])
def test_evidence_of_another_shape_is_passed_over(exchanges: object) -> None:
    """Whoever wrote the journal may have written anything there."""
    seen, incidents = redis_outage()
    tests = tuple(replace(test, evidence={"exchanges": exchanges}) for test in seen.tests)

    (created,) = filed(lambda: (replace(seen, tests=tests), incidents))

    assert "requests: " not in created.body


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_inert_in_every_field(text: str) -> None:
    """Whatever names, words and answers hold: no link, no picture, no heading, no HTML of theirs."""
    created = spoiled(text)

    tokens = [token for block in GITHUB.parse(visible_in(created.body)) for token in (block, *(block.children or ()))]
    links = [token.attrGet("href") for token in tokens if token.type == "link_open"]
    headings = [token for token in tokens if token.type == "heading_open"]
    foreign = [token.content for token in tokens if token.type == "html_inline"]
    assert links
    assert all(str(link).startswith(("https://github.com/acme/", "https://grafana.example/")) for link in links)
    assert [token for token in tokens if token.type in ("image", "fence")] == []
    assert len(headings) <= 4
    assert foreign == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_tells_nobody_and_obeys_nobody(text: str) -> None:
    """No mention, no reference, no workflow command, no mark of ours, no control character."""
    created = spoiled(text)

    told = visible_in(created.body) + created.title
    assert "@o" not in told.replace("`", "")
    assert "#1" not in told
    assert [row for row in told.splitlines() if row.lstrip().startswith(("::", "##["))] == []
    assert (created.body.count(BEGIN), created.body.count(END), len(parts_in(created.body))) == (1, 1, 1)
    assert not set("\x00\x07\x1b\u202e\u2066") & set(told)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_of_any_size_fits(text: str) -> None:
    """A line of a megabyte is cut where it stands."""
    created = spoiled(text)

    assert len(created.body.encode(errors="replace")) <= MAX_BODY_BYTES
    assert len(created.title) <= 256
    assert state_in(created.body) is not None


def test_a_canary_stands_in_no_field() -> None:
    """A secret that every single text holds is in no title, label, body or reason."""
    seen, incidents = redis_outage()
    text = f"before {CANARY} after"
    around = replace(AROUND_STAGING, redact=Redactor([CANARY]).text, owners=(), commits=(Commit(text, text),))
    dirty = replace(_spoiled(seen, text), faults=(text,), deployment=Deployment(revision=text, sha=text))

    told = decide((), dirty, around, tuple(_spoiled(replace(one, remedy=()), text) for one in incidents))

    assert [type(one) for one in told] == [CreateIssue]
    assert CANARY not in repr(told)

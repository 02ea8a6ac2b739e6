from dataclasses import replace

import pytest

from ci_tools.diagnosis.knowledge import parse as parse_knowledge
from ci_tools.diagnosis.owners import parse
from ci_tools.evidence.redaction import Redactor
from ci_tools.knowledge_file import knowledge
from ci_tools.triage.decide import decide
from ci_tools.triage.opened import MARKER, decide_opened
from ci_tools.triage.operations import AdoptIssue, Issue
from tests.unit.leaving.checks import in_markdown
from tests.unit.report.hostile import HOSTILE
from tests.unit.triage.scenarios import AROUND, applied, failing, incident

PASTED = """Since this morning nobody can log in. From the log:

```
redis.exceptions.ConnectionError: Error -2 connecting to 10.166.204.83:6379. Name or service not known.
```
"""
FULL = """\
version = 1

[[cause]]
id = "full"
summary = "the disk is full"
dependencies = ["store"]
words = [{ says = "it says so", weight = 9, text = "No space left" }]

[[cause]]
id = "downstream"
summary = "something else fails"
role = "consequence"

[[cause]]
id = "harmless"
summary = "nothing fails"
role = "harmless"

[[cause]]
id = "unknown"
summary = "nobody knows"
role = "unknown"
"""
"""A cause that can be at one place only, and of which nobody knows what puts it right."""
OPENED = Issue(number=40, title="Login is broken", body=PASTED, author="octocat", labels=("bug",), is_open=True)
HERE = replace(AROUND, owners=parse("/dependencies/ @acme/platform"))


def answered(issue: Issue = OPENED, *others: Issue) -> AdoptIssue:
    """What is said to *issue*."""
    (operation,) = decide_opened(issue, others, knowledge(), HERE)
    return operation


def test_pasted_words_name_a_cause_with_its_first_step_and_owner() -> None:
    """One comment, and the label of its area."""
    told = answered()

    assert told.body.startswith(
        f"{MARKER}\nThe words of this issue speak for **redis: a secret's value carries whitespace"
    )
    assert "- **First step:** " in told.body
    assert "- **Owner:** \\@\u200bacme/platform" in told.body
    assert told.add_labels == ("area: redis",)
    assert told.reason == "its words speak for secret_dirty, high confidence"


def test_an_incident_that_campaigns_see_is_proposed() -> None:
    """Whether it is the same is up to people."""
    ours = applied(decide((), failing(1), AROUND, [incident("redis", "secret_dirty")]))

    told = answered(OPENED, *ours)

    assert "close this one as a duplicate of #2." in told.body


def test_another_cause_is_not_proposed() -> None:
    """The same dependency alone is not enough."""
    ours = applied(decide((), failing(1), AROUND, [incident("redis", "redis_down")]))

    assert "duplicate" not in answered(OPENED, *ours).body


@pytest.mark.parametrize(
    "issue",
    [
        replace(OPENED, body="It does not work."),
        replace(OPENED, is_open=False, closed_as="completed"),
        replace(OPENED, author="github-actions[bot]"),
        replace(OPENED, comment=f"{MARKER}\nsaid before"),
    ],
    ids=["nobody knows", "closed", "ours", "answered"],
)
def test_nothing_is_said_where_there_is_nothing_to_say(issue: Issue) -> None:
    """Unknown is a good answer, and silence the way to give it."""
    assert decide_opened(issue, (), knowledge(), HERE) == ()


def test_a_cause_that_can_be_at_one_place_only_is_there() -> None:
    """Whatever else the words name; where no step is known none is made up."""
    issue = replace(OPENED, body="OSError: [Errno 28] No space left on device; redis is fine")

    (told,) = decide_opened(issue, (), parse_knowledge(FULL), HERE)

    assert told.add_labels == ("area: store",)
    assert "speak for **store: the disk is full**" in told.body
    assert "First step" not in told.body


def test_an_area_that_a_person_has_given_stands() -> None:
    """Whoever opened it knows better."""
    assert answered(replace(OPENED, labels=("area: login",))).add_labels == ()


def test_a_cause_that_can_be_anywhere_is_placed_by_the_words() -> None:
    """And where nobody owns it and no step is known, neither is made up."""
    body = "Secret projects/1234/secrets/redis-url/versions/latest was not found"

    (told,) = decide_opened(replace(OPENED, title="Deploy", body=body), (), knowledge(), AROUND)

    assert told.add_labels == ("area: redis",)
    assert "Owner" not in told.body


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_nothing_of_its_text_is_said_again(text: str) -> None:
    """Text of an issue is data: what is said is the same whatever stands around the words that tell the cause."""
    told = answered(replace(OPENED, title=text[:500], body=f"{PASTED}\n{text}"))

    assert told.body == answered().body


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_campaigns_have_remembered_is_inert(text: str) -> None:
    """The environment comes from whoever wrote the journal; labels of people are looked at only."""
    ours = applied(decide((), failing(1, environment=text), AROUND, [incident("redis", "secret_dirty")]))

    told = answered(replace(OPENED, labels=(text,)), *ours)

    assert "close this one as a duplicate of #2." in told.body
    assert list(in_markdown(told.body)) == []
    assert told.add_labels == ("area: redis",)


def test_a_secret_in_it_is_said_to_nobody() -> None:
    """Also where the knowledge base would quote it."""
    around = replace(HERE, redact=Redactor(["whitespace-canary"]).text)
    issue = replace(OPENED, body=f"{PASTED} password=whitespace-canary")

    assert "whitespace-canary" not in repr(decide_opened(issue, (), knowledge(), around))

"""Whatever leaves is inert and holds no secret, whatever stands in whichever field."""

import os
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from ci_tools.__main__ import main
from ci_tools.diagnosis.diagnose import diagnose
from ci_tools.diagnosis.owners import parse
from ci_tools.diagnosis.seen import observations
from ci_tools.evidence.events import Event
from ci_tools.evidence.journal import JournalWriter, read
from ci_tools.evidence.redaction import Redactor, secrets_of
from ci_tools.knowledge_file import knowledge
from ci_tools.report.inert import line
from ci_tools.spec.values import KnownIssue, TriageRules
from ci_tools.triage.decide import decide
from ci_tools.triage.fitting import MAX_BODY_BYTES
from ci_tools.triage.heartbeats import decide_heartbeats
from ci_tools.triage.operations import AdoptIssue, Comment, Issue, Operation
from ci_tools.triage.surroundings import Commit, Surroundings
from ci_tools.verdict.fold import fold
from ci_tools.verdict.heartbeats import heartbeats_in
from ci_tools.verdict.judge import judge
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.unit.leaving import campaigns, checks, secrets
from tests.unit.report.hostile import HOSTILE
from tests.unit.triage.bodies import visible_in
from tests.unit.triage.scenarios import applied

SHORT = [kind for kind, text in HOSTILE.items() if len(text) < 1_000]


@dataclass
class Left:
    """What has left, by where it went."""

    logs: dict[str, str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    """Titles, labels and descriptions."""
    data: dict[str, str] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    """Of operations on issues."""

    def everything(self) -> dict[str, str]:
        """All of it, by name."""
        return self.logs | self.pages | self.bodies | self.lines | self.data

    def keep(self, operations: Sequence[Operation], at: str) -> None:
        """What *operations* write."""
        for number, one in enumerate(operations):
            name = f"operation {number} of {at}"
            self.kinds.add(type(one).__name__)
            kept = self.pages if isinstance(one, Comment | AdoptIssue) else self.bodies
            kept[name] = one.body
            title = getattr(one, "title", None) or ""
            self.lines |= {f"{name}: {words[:9]!r}": words for words in (title, *_labels(one))}


def _labels(operation: Operation) -> tuple[str, ...]:
    return operation.add_labels if isinstance(operation, AdoptIssue) else getattr(operation, "labels", None) or ()


Leaving = Callable[..., Left]


@pytest.fixture
def github() -> Iterator[GitHubDouble]:
    """The issues of acme/shop, none yet."""
    with GitHubDouble() as double:
        double.repository.deployments[7] = []
        yield double
    assert double.violations == []


@pytest.fixture
def step(github: GitHubDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what a step of a workflow finds: variables, a secret among them, and who owns what."""
    variables = {
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_API_URL": github.url,
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "E2E_TOKEN": secrets.CANARY,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def leaving(github: GitHubDouble, step: Path, capsys: pytest.CaptureFixture[str]) -> Leaving:
    """What leaves when campaigns fail, recover, fail again and break, with a text in every field of theirs."""

    def leave(text: str, redactor: Redactor, *, only_in: Container[str] = campaigns.EVERYWHERE) -> Left:
        left = Left()

        def spoil(word: str) -> str:
            # Names are told apart by what is seen of their beginnings.
            is_first = word in campaigns.COMMITS or word not in line(f"{text}\n{word}", 60)
            spoiled = f"{word}\n{text}" if is_first else f"{text}\n{word}\n{text}"
            return spoiled if word in only_in else word

        desks = desks_for(text, spoil)
        beat = step / "beat"
        written(beat, campaigns.spoiled(campaigns.HEARTBEAT, spoil), redactor)
        main(["triage", "beat", "--github"])
        for number, events in enumerate((*campaigns.HISTORY, campaigns.BROKEN)):
            name = f"run{number}"
            written(step / name, campaigns.spoiled(events, spoil), redactor)
            for command in (("judge", name), ("triage", name)):
                main([*command, "--github"])
                left.pages[f"summary of {' '.join(command)}"] = (step / "summary").read_text("utf-8")
                (step / "summary").unlink()
            main(["explain", name])
            main(["deployment-status", name, f"--repo={REPO}", "--deployment=7"])
            for desk in desks:
                operations = planned(step / name, desk.issues, desk.around)
                desk.issues = applied(operations, desk.issues, at=datetime.now(UTC))
                left.keep(operations, f"{name}, {desk.name}")
                beats = decided(beat, desk)
                desk.issues = applied(beats, desk.issues, at=datetime.now(UTC))
                left.keep(beats, f"heartbeats after {name}, {desk.name}")
            left.pages[f"report of {name}"] = (step / name / "report.md").read_text("utf-8")
            left.data[f"results of {name}"] = (step / name / "test_results.json").read_text("utf-8")
        left.lines |= {f"status {one['id']}": one["description"] for one in github.repository.deployments[7]}
        left.data["outputs"] = (step / "output").read_text("utf-8")
        left.logs["log"] = capsys.readouterr().out
        return left

    return leave


@dataclass
class Desk:
    """A repository's issues, and what triage is told about them."""

    name: str
    around: Surroundings
    issues: list[Issue] = field(default_factory=list)


def desks_for(text: str, spoil: Callable[[str], str]) -> tuple[Desk, ...]:
    """One where each incident has an issue, one where they share it, and one where people have filed it before."""
    around = Surroundings(
        redact=Redactor(secrets_of(os.environ)).text,
        owners=parse("/dependencies/* @acme/platform"),
        run_url="https://ci.test/1",
        commits=tuple(Commit(sha, " ".join(text.split())) for sha in campaigns.COMMITS),
    )
    names = (around.redact(spoil(name)).encode(errors="replace").decode() for name in ("redis", "shop"))
    known = KnownIssue(number=2, dependencies=tuple(names))
    theirs = Issue(number=2, title=text, body=text, author="octocat", labels=(text,), is_open=True)
    return (
        Desk("each alone", around),
        Desk("together", replace(around, rules=TriageRules(new_issues=1))),
        Desk("with people", replace(around, known_issues=(known,)), [theirs]),
    )


def written(folder: Path, events: Sequence[Event], redactor: Redactor) -> None:
    """*folder* holds a campaign of *events*."""
    with closing(JournalWriter(folder, "campaign", redactor)) as writer:
        for event in events:
            writer.write(event)


def decided(folder: Path, desk: Desk) -> tuple[Operation, ...]:
    """What the issues of *desk* are told of the heartbeats in *folder*."""
    return decide_heartbeats(desk.issues, heartbeats_in(read(folder).records), desk.around)


def planned(folder: Path, issues: Sequence[Issue], around: Surroundings) -> tuple[Operation, ...]:
    """What the issues are told of the campaign in *folder*."""
    journal = read(folder)
    state = fold(journal.records, journal.problems)
    judgement = judge(state)
    return decide(issues, judgement, around, diagnose(state, judgement, knowledge()), observations(state))


def wrong(texts: dict[str, str], check: Callable[[str], Iterator[str]]) -> list[str]:
    """What *check* finds in any of *texts*, each with the name of where it stands."""
    return [f"{name}: {found}" for name, text in texts.items() for found in check(text)]


def test_every_field_that_takes_a_text_is_spoiled() -> None:
    """A field that is added to an event or to a value in one is added to the campaigns here."""
    every = set[tuple[str, str]]().union(*map(campaigns.text_fields, get_args(Event)))

    assert every - campaigns.filled_fields((campaigns.HISTORY, campaigns.HEARTBEAT, campaigns.BROKEN)) == set()


@pytest.mark.parametrize("kind", SHORT)
def test_hostile_text_in_every_field_is_inert(kind: str, leaving: Leaving) -> None:
    """No log commands, no page tells anybody or shows anything but words, no state is forged."""
    left = leaving(HOSTILE[kind], Redactor())

    assert wrong(left.logs, checks.in_log) == []
    assert wrong(left.pages, checks.in_markdown) == []
    assert wrong({name: visible_in(body) for name, body in left.bodies.items()}, checks.in_markdown) == []
    assert wrong(left.bodies, checks.in_state) == []
    assert wrong(left.lines, checks.in_line) == []
    assert left.kinds == {kind.__name__ for kind in get_args(Operation)}
    assert [name for name, body in left.bodies.items() if "Deployed since" in body]


@pytest.mark.parametrize("form", secrets.FORMS)
def test_a_secret_in_every_field_leaves_nowhere(form: str, leaving: Leaving) -> None:
    """Also of a journal that was written where nobody knew the secret; whatever makes texts inert does not hide it."""
    left = leaving(secrets.FORMS[form], Redactor())

    assert wrong(left.everything(), secrets.shown_in) == []


@pytest.mark.parametrize("form", secrets.FORMS)
def test_a_secret_in_every_field_stands_in_no_journal(form: str, tmp_path: Path) -> None:
    """Journals leave as artifacts."""
    told = campaigns.spoiled(
        [*campaigns.FAILING, *campaigns.BROKEN], lambda word: f"{word} {secrets.FORMS[form]}\n{word}"
    )

    written(tmp_path, told, Redactor([secrets.CANARY]))

    (journal,) = (tmp_path / "journal").iterdir()
    assert list(secrets.shown_in(journal.read_text("utf-8"))) == []
    assert "[redacted]" in journal.read_text("utf-8")


def test_a_line_of_a_megabyte_is_cut_where_it_stands(leaving: Leaving) -> None:
    """In every sentence of a campaign: pages stay readable, logs short, and an issue takes what GitHub takes."""
    left = leaving("x" * 1_000_000, Redactor(), only_in=campaigns.SENTENCES)

    assert {name: len(text) for name, text in left.pages.items() if len(text) > 100_000} == {}
    assert {name: len(text) for name, text in left.bodies.items() if len(text.encode()) > MAX_BODY_BYTES} == {}
    assert max(map(len, left.logs["log"].splitlines())) < 3_000
    assert wrong(left.lines, checks.in_line) == []

"""A scenario the real way: journals, ``ci-tools triage --apply``, PyGithub, and a GitHub on loopback that counts."""

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ci_tools.__main__ import main
from ci_tools.errors import ExitCode
from ci_tools.escalation.rules import Severity
from ci_tools.triage.state import digest, digests, parts_in
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import ACTIONS_BOT
from tests.replay.inventory import every_test
from tests.replay.journals import ENVIRONMENT, ROOT, TOOK, began_at, campaign_id, commit, kept
from tests.replay.outages import OUTAGES
from tests.replay.results import written
from tests.replay.scenarios import Campaign, Evidence, Hand, Scenario, Weather
from tests.replay.scoring import Figures, scored

PERSON = "maria"
RANK = Severity.P2
"""What a person makes of an outage that is P0."""
_MAILED = ("commented", "closed", "reopened")


class ReplayError(RuntimeError):
    """A replay did not run as it should, whatever its figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One issue as it stood after a step."""

    number: int
    is_ours: bool
    is_open: bool
    closed_as: str
    labels: tuple[str, ...]
    causes: frozenset[str]
    """Why the tests failed that it tells of."""
    comments: int
    """Of the bot."""
    mails: int
    """What the bot has had mailed about it so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one step did."""

    step: Campaign | Hand
    reads: int
    writes: int
    comments: int
    """Made by the bot."""
    issues: tuple[Standing, ...]

    @property
    def ours(self) -> list[Standing]:
        """The issues that the bot has filed."""
        return [one for one in self.issues if one.is_ours]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A whole scenario."""

    scenario: Scenario
    told: tuple[Told, ...]

    @property
    def campaigns(self) -> list[Told]:
        """The steps that were campaigns."""
        return [one for one in self.told if isinstance(one.step, Campaign)]

    @property
    def figures(self) -> Figures:
        """As they are counted for every tool; an issue tells of whatever it has told of at any time."""
        last = self.told[-1]
        causes = [
            frozenset().union(*(one.causes for told in self.told for one in told.issues if one.number == each.number))
            for each in last.ours
        ]
        return scored(
            causes=self.scenario.causes,
            told=causes,
            mails=sum(one.mails for one in last.issues),
            reads=sum(one.reads for one in self.told),
            writes=sum(one.writes for one in self.told),
        )


def replayed(scenario: Scenario, folder: Path) -> History:
    """*scenario*, with its journals in *folder* and a repository of its own, in which nothing was before.

    Raises:
        ReplayError: a command failed, or a request or answer is not what GitHub describes.
    """
    with GitHubDouble() as github, _environment(github.url):
        if scenario.weather is Weather.LAGGING:
            github.switches.list_lag = 1
        told = tuple(_told(scenario, folder, github))
        if github.violations:
            raise ReplayError(f"{scenario.name}: not what GitHub describes: {github.violations[0]}")
    return History(scenario=scenario, told=told)


def _told(scenario: Scenario, folder: Path, github: GitHubDouble) -> Iterator[Told]:
    number = 0
    commits = _commits(scenario, folder)
    for step in scenario.steps:
        asked, written, said = len(github.asked), len(github.writes()), _comments(github)
        if isinstance(step, Hand):
            _handled(step, github)
        else:
            number += 1
            github.repository.wait_until(began_at(number) + TOOK)
            _triage(_directory(step, number, scenario.evidence, folder), commits)
        writes = len(github.writes()) - written
        yield Told(
            step=step,
            reads=len(github.asked) - asked - writes,
            writes=writes,
            comments=_comments(github) - said,
            issues=tuple(_standing(github, issue) for issue in github.issues.values()),
        )


def _directory(campaign: Campaign, number: int, evidence: Evidence, folder: Path) -> Path:
    if evidence is Evidence.JOURNAL:
        return kept(campaign, number, folder)
    directory = folder / f"campaign-{number:03}"
    named = ["--environment", ENVIRONMENT, "--campaign-id", campaign_id(number)]
    _run("ingest", *map(str, written(campaign, folder / f"results-{number:03}")), "--out", str(directory), *named)
    return directory


def _triage(directory: Path, commits: Path) -> None:
    files = ["--spec", str(ROOT / "campaign.toml"), "--codeowners", str(ROOT / "CODEOWNERS"), "--commits", str(commits)]
    _run("triage", str(directory), "--repo", REPO, "--apply", *files)


def _run(*argv: str) -> None:
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = main(argv)
    if code != ExitCode.PASS:
        raise ReplayError(f"ci-tools {' '.join(argv[:2])} ended with {code}: {said.getvalue()[-500:]}")


def _commits(scenario: Scenario, folder: Path) -> Path:
    """The file that ``git log`` would print, the newest first."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "commits.txt"
    builds = sorted({campaign.build for campaign in scenario.campaigns}, reverse=True)
    file.write_text("".join(f"{commit(build)} feat: build {build}\n" for build in builds), encoding="utf-8")
    return file


def _handled(hand: Hand, github: GitHubDouble) -> None:
    """What a person does to the issues of the bot that are open."""
    repository = github.repository
    mine = [issue for issue in repository.issues.values() if issue["state"] == "open" and _author(issue) == ACTIONS_BOT]
    for issue in mine:
        number, labels = issue["number"], [label["name"] for label in issue["labels"]]
        if hand is Hand.RANKS:
            others = [label for label in labels if label not in set(Severity)]
            repository.relabel(number, (*others, RANK), login=PERSON)
        elif hand is Hand.REFUSES:
            repository.edit(number, {"state": "closed", "state_reason": "not_planned"}, login=PERSON)
        else:
            theirs = github.file("Redis again", "as last week", login=PERSON, labels=("e2e-campaign",))
            repository.say(number, f"Duplicate of #{theirs}", login=PERSON)
            repository.edit(number, {"state": "closed", "state_reason": "duplicate"}, login=PERSON)


def _standing(github: GitHubDouble, issue: Mapping[str, Any]) -> Standing:
    number, is_ours = issue["number"], _author(issue) == ACTIONS_BOT
    mine = [one for one in github.repository.timelines[number] if one["actor"]["login"] == ACTIONS_BOT]
    said = [one["body"] for one in github.comments[number] if _author(one) == ACTIONS_BOT]
    return Standing(
        number=number,
        is_ours=is_ours,
        is_open=issue["state"] == "open",
        closed_as=(issue["state_reason"] or "") if issue["state"] == "closed" else "",
        labels=tuple(label["name"] for label in issue["labels"]),
        causes=frozenset(cause for text in (issue["body"], *said) for cause in _causes_told(text)),
        comments=len(said),
        mails=is_ours + sum(one["event"] in _MAILED for one in mine),
    )


def _causes_told(text: str) -> Sequence[str]:
    """Why the tests failed that *text* remembers."""
    tests = [one for _, state in parts_in(text) for one in digests(state.evidence.tests)]
    return [_cause_by_digest()[one] for one in tests]


@cache
def _cause_by_digest() -> Mapping[str, str]:
    """What each test fails of, in every scenario: what it keeps its data in."""
    by_store = {one.dependency: name for name, one in OUTAGES.items()}
    names = [(name, test) for test in every_test() for name in (test.node_id, f"{test.package}::{test.name}")]
    return {digest(name): by_store[test.file.store] for name, test in names}


def _comments(github: GitHubDouble) -> int:
    return sum(_author(one) == ACTIONS_BOT for said in github.comments.values() for one in said)


def _author(document: Mapping[str, Any]) -> str:
    return str(document["user"]["login"])


@contextmanager
def _environment(url: str) -> Iterator[None]:
    """That of a job in a workflow, and after it the one of before."""
    wanted = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": url}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value

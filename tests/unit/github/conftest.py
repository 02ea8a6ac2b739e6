"""A repository on loopback, and what speaks to it."""

from collections.abc import Callable, Iterator

import pytest

from ci_tools.github.issues import GitHubIssues
from ci_tools.github.requests import Patience
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble


@pytest.fixture
def github() -> Iterator[GitHubDouble]:
    """An empty repository that keeps to GitHub's schema."""
    with GitHubDouble() as double:
        yield double
    assert double.violations == []


@pytest.fixture
def waits() -> list[float]:
    """The seconds that would have been waited."""
    return []


@pytest.fixture
def patience(waits: list[float]) -> Patience:
    """As long as in earnest, in no time; the clock stands at 1,000."""
    return Patience(between_writes_s=0, sleep=waits.append, clock=lambda: 1000.0)


@pytest.fixture
def connected(github: GitHubDouble, patience: Patience) -> Iterator[Callable[..., GitHubIssues]]:
    """Connections to the repository, with another repository, token or bot if asked."""
    opened: list[GitHubIssues] = []

    def connect(repo: str = REPO, token: str = TOKEN, **more: str) -> GitHubIssues:
        opened.append(GitHubIssues(repo, token, **({"base_url": github.url} | more), patience=patience))  # type: ignore[arg-type]
        return opened[-1]

    yield connect
    for issues in opened:
        issues.__exit__(None, None, None)


@pytest.fixture
def issues(connected: Callable[..., GitHubIssues]) -> GitHubIssues:
    """A connection to the repository."""
    return connected()

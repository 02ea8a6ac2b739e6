from pathlib import Path

import pytest

from ci_tools.diagnosis.owners import Line, owned, owner_of, parse
from ci_tools.model import Dependency
from ci_tools.spec import parse as parse_spec

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "/dependencies/",
        "dependencies/",
        "/dependencies/*",
        "/dependencies/redis",
        "dependencies/redis",
        "redis",
        "/dependencies/re*s",
        "/dependencies/redi?",
        "**/redis",
        "/**/redis",
        "/dependencies/**",
        "/*/redis",
        "dependencies",
    ],
)
def test_a_pattern_matches(pattern: str) -> None:
    """Patterns mean what they mean in a CODEOWNERS file."""
    assert owner_of("redis", [Line(pattern, ("@acme",))]) is not None


@pytest.mark.parametrize(
    "pattern",
    ["/redis", "/dependencies/red", "/dependencies/redis/", "*.py", "/dep/redis", "/*", "edis", "/dependencies/r?s"],
)
def test_a_pattern_does_not_match(pattern: str) -> None:
    """A pattern reaches no further than it says."""
    assert owner_of("redis", [Line(pattern, ("@acme",))]) is None


def test_the_last_matching_line_wins() -> None:
    """Order decides, not length."""
    lines = parse("/dependencies/redis @acme/storage\n* @acme/all\n/docs/ @acme/docs")

    assert owner_of("redis", lines) == Line("*", ("@acme/all",))


def test_comments_and_empty_lines_say_nothing() -> None:
    """Only lines with a pattern count."""
    assert parse("# * @acme\n\n  \n* @acme # all") == (Line("*", ("@acme",)),)


def test_only_what_can_be_mentioned_is_an_owner() -> None:
    """An e-mail address mentions nobody, and what is neither is not passed on."""
    assert parse("* someone@example.com @acme/team-1 @octocat @ @a/b/c <x>")[0].owners == ("@acme/team-1", "@octocat")


def test_a_line_without_owner_takes_ownership_away() -> None:
    """As on GitHub, the last line wins even if it names nobody."""
    assert owner_of("redis", parse("* @acme\n/dependencies/redis")) == Line("/dependencies/redis", ())


def test_every_dependency_of_this_repository_has_an_owner() -> None:
    """Whatever fails, CODEOWNERS says whom to tell."""
    lines = parse((ROOT / "CODEOWNERS").read_text(encoding="utf-8"))
    spec = parse_spec((ROOT / "campaign.toml").read_text(encoding="utf-8"), "campaign.toml")
    deciding = {name: owner_of(name, lines) for name in spec.dependencies}

    assert deciding
    assert [name for name, line in deciding.items() if line is None or not line.owners] == []


def test_a_dependency_is_told_with_its_needs_and_its_owners() -> None:
    """Nobody owns what no line is about."""
    lines = parse("/dependencies/redis @acme/storage")

    assert owned({"redis": ["network"], "network": []}, lines) == (
        Dependency(name="redis", needs=("network",), owners=("@acme/storage",)),
        Dependency(name="network", needs=(), owners=()),
    )

"""What people do to the issues that campaigns have filed."""

from collections.abc import Callable, Mapping

from tests.doubles.github.server import GitHubDouble

PERSON = "octocat"
Hand = Callable[[GitHubDouble, int, int], object]
"""On GitHub, with one issue, and where it takes two, another one."""


def changed(**changes: str) -> Hand:
    """It is changed on the site."""
    return lambda github, number, _: github.repository.edit(number, dict(changes), login=PERSON)


def labelled(label: str) -> Hand:
    """It has that severity in place of the one that stands."""

    def relabel(github: GitHubDouble, number: int, _: int) -> None:
        labels = [one["name"] for one in github.issues[number]["labels"]]
        kept = [name for name in labels if name not in ("P0", "P1", "P2")]
        github.repository.edit(number, {"labels": [*kept, label]}, login=PERSON)

    return relabel


def marked_as_a_duplicate(github: GitHubDouble, number: int, other: int) -> None:
    """In a comment, as people do, and closed."""
    github.repository.say(number, f"Duplicate of #{other}", login=PERSON)
    github.repository.edit(number, {"state": "closed", "state_reason": "duplicate"}, login=PERSON)


def written_into(github: GitHubDouble, number: int, _: int) -> None:
    """Above and below our part of the text."""
    body = f"Look here.\n\n{github.issues[number]['body']}\n\nAnd there."
    github.repository.edit(number, {"body": body}, login=PERSON)


def locked(github: GitHubDouble, number: int, _: int) -> None:
    """Nobody without the permission to push may comment any more."""
    github.issues[number]["locked"] = True


HANDS: Mapping[str, Hand] = {
    "comment": lambda github, number, _: github.repository.say(number, "I look at it.", login=PERSON),
    "close": changed(state="closed", state_reason="completed"),
    "refuse": changed(state="closed", state_reason="not_planned"),
    "mark a duplicate": marked_as_a_duplicate,
    "open": changed(state="open"),
    "make urgent": labelled("P0"),
    "make less urgent": labelled("P2"),
    "rename": changed(title="Our redis again"),
    "write": written_into,
    "lock": locked,
    "delete": lambda github, number, _: github.repository.delete(number),
    "transfer": lambda github, number, _: github.repository.transfer(number, github.elsewhere),
}
"""By name."""

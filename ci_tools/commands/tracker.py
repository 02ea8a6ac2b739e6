"""What every command that speaks with GitHub's issues needs: who is spoken to, by which rules, and who owns what."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ci_tools.commands.files import CODEOWNERS, read_spec, read_text
from ci_tools.diagnosis.owners import Line
from ci_tools.errors import UsageError
from ci_tools.knowledge_file import knowledge
from ci_tools.spec.values import KnownIssue, TriageRules
from ci_tools.triage.ownership import checked

if TYPE_CHECKING:
    from ci_tools.github.issues import GitHubIssues

_SPEC = Path("campaign.toml")


@contextmanager
def tracker_of(arguments: argparse.Namespace) -> "Iterator[GitHubIssues]":
    """The issues of ``--repo``; what was asked of GitHub is said at the end.

    Raises:
        CredentialsMissingError: there is no token.
    """
    from ci_tools.github.issues import GitHubIssues  # noqa: PLC0415 - heavy, and not every triage needs it

    with GitHubIssues.from_environ(arguments.repo, os.environ, bot=arguments.bot) as tracker:
        try:
            yield tracker
        finally:
            print(f"asked of GitHub: {', '.join(f'{count} {verb}' for verb, count in tracker.calls.items())}")


def rules_in(path: Path | None) -> tuple[TriageRules, tuple[KnownIssue, ...]]:
    """What campaign.toml says of issues; without one, what is usual.

    Raises:
        UsageError: a known issue is about a cause that the knowledge base does not have.
    """
    if path is None and not _SPEC.exists():
        return TriageRules(), ()
    spec, _ = read_spec(path or _SPEC)
    causes = knowledge().causes
    for known in spec.known_issues:
        for cause in known.causes:
            if cause not in causes:
                raise UsageError(
                    f"{path or _SPEC}: known issue #{known.number}: unknown cause {cause!r}; "
                    f"legal: {', '.join(sorted(causes))}"
                )
    return spec.triage, spec.known_issues


def owners_named(path: Path | None, rules: TriageRules) -> tuple[Line, ...]:
    """The lines of the CODEOWNERS file *path*, or of the one that GitHub would take; none where there is none.

    Raises:
        UsageError: *path* cannot be read, or an owner is not among those that *rules* name.
    """
    found = path or next((Path(name) for name in CODEOWNERS if Path(name).is_file()), None)
    return checked(read_text(found, "--codeowners"), rules.owners, str(found)) if found else ()

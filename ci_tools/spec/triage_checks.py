"""Contradictions in what triage is told."""

from collections.abc import Iterator

from ci_tools.spec.documents import CampaignDocument
from ci_tools.spec.positions import KeyPath
from ci_tools.spec.problems import Problem, unknown_name

ALL = "all"
"""The dashboard that shows every dependency."""


def check_dashboards(document: CampaignDocument) -> Iterator[Problem]:
    """Dashboards of dependencies that are not declared."""
    for name in document.triage.dashboards:
        if name != ALL and name not in document.dependencies:
            legal = [ALL, *document.dependencies]
            yield unknown_name(("triage", "dashboards", name), "dependency", name, legal)


def check_paths(document: CampaignDocument) -> Iterator[Problem]:
    """Paths of dependencies that are not declared."""
    for name in document.triage.paths:
        if name not in document.dependencies:
            yield unknown_name(("triage", "paths", name), "dependency", name, document.dependencies)


def check_known_issues(document: CampaignDocument) -> Iterator[Problem]:
    """Known issues about nothing, about what is not declared, and two about the same."""
    taken: dict[tuple[str, str], int] = {}
    for place, table in enumerate(document.known_issues):
        path: KeyPath = ("known_issues", place)
        if not table.causes and not table.dependencies:
            yield Problem(path=path, what="about nothing", got=f"#{table.number} alone", legal="causes or dependencies")
        for index, name in enumerate(table.dependencies):
            if name not in document.dependencies:
                yield unknown_name((*path, "dependencies", index), "dependency", name, document.dependencies)
        for key in ("causes", "dependencies"):
            for index, name in enumerate(getattr(table, key)):
                if (key, name) in taken:
                    what = f"already told in #{taken[key, name]}"
                    yield Problem(path=(*path, key, index), what=what, got=repr(name), legal="one issue for each")
                taken.setdefault((key, name), table.number)

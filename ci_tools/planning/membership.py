"""Which suite of a phase a test belongs to."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from ci_tools.model import Suite


def suite_of(node_id: str, suites: Iterable[Suite]) -> Suite | None:
    """The suite whose most specific path covers *node_id*; None if no suite asked for it.

    A path covers the file, folder, class or test it names, and may hold wildcards in its file part.
    """
    candidates = [(len(path), suite) for suite in suites for path in suite.paths if _covers(path, node_id)]
    return max(candidates, key=lambda candidate: candidate[0])[1] if candidates else None


def _covers(path: str, node_id: str) -> bool:
    if "*" in path or "?" in path:
        return fnmatchcase(node_id.partition("::")[0], path)
    stem = path.rstrip("/")
    return node_id == stem or node_id.startswith((f"{stem}/", f"{stem}::", f"{stem}["))

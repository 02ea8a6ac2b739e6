"""Which suite of a phase a test belongs to."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from ci_tools.model import Suite


def suite_of(node_id: str, suites: Iterable[Suite]) -> Suite | None:
    """The suite whose most specific path covers *node_id*; None if no suite asked for it.

    A path covers the file, folder, class or test it names. Its file part may hold wildcards, which cover what
    ``Path.glob`` finds by them, so that a test belongs to a suite that had it collected.
    """
    candidates = [(_specificity(path), suite) for suite in suites for path in suite.paths if _covers(path, node_id)]
    return max(candidates, key=lambda candidate: candidate[0])[1] if candidates else None


def has_wildcard(file: str) -> bool:
    """Whether *file*, without the test in it, names several files."""
    return "*" in file or "?" in file


def _specificity(path: str) -> tuple[int, int, bool, int]:
    file, _, test = path.partition("::")
    parts = [part for part in _parts(file) if part != "**"]
    return len(test), len(parts), not has_wildcard(file), len(file)


def _covers(path: str, node_id: str) -> bool:
    file, _, test = path.partition("::")
    node_file, _, node_test = node_id.partition("::")
    if test and not (node_test == test or node_test.startswith((f"{test}::", f"{test}["))):
        return False
    return _below(_parts(file), _parts(node_file))


def _parts(file: str) -> list[str]:
    return [part for part in file.split("/") if part not in ("", ".")]


def _below(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether *pattern* names *parts* or a folder above."""
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(_below(pattern[1:], parts[skipped:]) for skipped in range(len(parts) + 1))
    return bool(parts) and _named(pattern[0], parts[0]) and _below(pattern[1:], parts[1:])


def _named(pattern: str, part: str) -> bool:
    return fnmatchcase(part, pattern) if has_wildcard(pattern) else part == pattern

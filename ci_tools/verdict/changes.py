"""How outcomes compare with those of the campaign before."""

from collections.abc import Iterable, Mapping

from ci_tools.model import FAILURES, Change, NodeId, Outcome, Previous, PreviousTest
from ci_tools.verdict.judgement import Judgement, TestResult


def change(before: Outcome | None, now: Outcome) -> Change | None:
    """What became of a test; None where nothing is to be said, as of one that failed and was not run now."""
    if now in FAILURES:
        return Change.STILL_FAILING if before in FAILURES else Change.NEWLY_FAILING
    return Change.FIXED if before in FAILURES and now is Outcome.PASSED else None


def changed(tests: Iterable[TestResult]) -> Mapping[Change, tuple[NodeId, ...]]:
    """The tests by what became of them; every kind of change is there, also without a test."""
    by_change: dict[Change, list[NodeId]] = {kind: [] for kind in Change}
    for test in tests:
        if test.change is not None:
            by_change[test.change].append(test.node_id)
    return {kind: tuple(node_ids) for kind, node_ids in by_change.items()}


def previous_of(judgement: Judgement) -> Previous:
    """What a later campaign has to know of this one."""
    return Previous(
        campaign=judgement.campaign,
        revision=judgement.deployment.revision if judgement.deployment else None,
        sha=judgement.deployment.sha if judgement.deployment else None,
        damage=_damage(judgement),
        tests=tuple(
            PreviousTest(node_id=test.node_id, outcome=test.outcome, duration_s=test.duration_s)
            for test in judgement.tests
        ),
    )


def _damage(judgement: Judgement) -> str:
    if judgement.problems:
        return judgement.problems[0]
    return "" if judgement.complete else "it never came to its end"

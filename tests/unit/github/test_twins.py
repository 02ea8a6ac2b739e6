"""Issues that tell the same: filed by runs that could not know of each other."""

from collections.abc import Callable, Sequence

import pytest

from ci_tools.errors import IssueTrackerError, UsageError
from ci_tools.github.issues import GitHubIssues
from ci_tools.model import Outcome
from ci_tools.triage.decide import decide
from tests.doubles.github.double import REPO
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import Fault
from tests.unit.triage.histories import Look, Step, campaign, planned
from tests.unit.triage.looks import looks
from tests.unit.triage.scenarios import AROUND, ended, failing, incident

LISTED, SEARCHED, CREATED = f"GET /repos/{REPO}/issues", "GET /search/issues", f"POST /repos/{REPO}/issues"
Connect = Callable[..., GitHubIssues]


def triaged(issues: GitHubIssues, number: int, step: Step) -> None:
    """Campaign *number* is told."""
    list(issues.apply(planned(issues.read(), campaign(number, step))))


def standing(github: GitHubDouble) -> list[int]:
    """The numbers of what is open and ours."""
    labels = {number: [label["name"] for label in one["labels"]] for number, one in github.issues.items()}
    return [n for n, one in github.issues.items() if one["state"] == "open" and "e2e-campaign" in labels[n]]


def test_an_issue_that_the_list_does_not_show_yet_stays_the_only_one(github: GitHubDouble, connected: Connect) -> None:
    """Where the list shows another issue of ours, nothing in it tells that it is behind."""
    triaged(connected(), 1, looks(cache=Look.DEAD))
    github.switches.list_lag = github.switches.search_lag = 3
    triaged(connected(), 2, looks(cache=Look.DEAD, store=Look.DEAD))

    triaged(connected(), 3, looks(cache=Look.DEAD, store=Look.DEAD))

    assert standing(github) == [1, 2]
    assert github.issues[3]["state_reason"] == "duplicate"


def test_a_run_that_races_and_loses_its_answer_leaves_one_issue(github: GitHubDouble, connected: Connect) -> None:
    """It finds the issue of the other run by the nonce that both have, and closes its own."""
    seen = campaign(1, looks(store=Look.DEAD))
    plan = planned(connected().read(), seen)
    list(connected().apply(plan))
    github.switches.faults.append(Fault("POST", 502, is_committed=True))

    assert [number for _, number in connected().apply(plan)] == [1]
    assert standing(github) == [1]
    assert github.issues[2]["state_reason"] == "duplicate"


def test_each_issue_of_a_run_is_held_against_all_that_no_list_showed(github: GitHubDouble, connected: Connect) -> None:
    """What was found when the first was filed counts for the second as well, although nothing is asked again."""
    github.switches.list_lag = github.switches.search_lag = 9
    both = looks(cache=Look.DEAD, store=Look.DEAD)
    triaged(connected(), 1, both)

    triaged(connected(), 2, both)

    assert standing(github) == [1, 2]


@pytest.mark.parametrize("list_lag", [0, 9])
def test_two_runs_that_race_leave_one_issue_each(list_lag: int, github: GitHubDouble, connected: Connect) -> None:
    """Both have read the same: whoever gets the later number closes it, and tells the earlier one."""
    github.file("busy", login="octocat")
    github.switches.list_lag = list_lag
    seen = campaign(1, looks(cache=Look.DEAD, store=Look.DEAD))
    runs = [connected(), connected()]
    started = [run.apply(planned(run.read(), seen)) for run in runs]

    numbers = [[number for _, number in step] for step in zip(*started, strict=True)]

    assert numbers == [[2, 2], [4, 4]]
    assert standing(github) == [2, 4]


def test_a_run_that_was_second_leaves_nothing_to_do(github: GitHubDouble, connected: Connect) -> None:
    """What it closed is no decision of people, and the next run of the same campaign writes nothing."""
    seen = campaign(1, looks(store=Look.DEAD))
    plan = planned(connected().read(), seen)
    for _ in range(2):
        list(connected().apply(plan))

    assert standing(github) == [1]
    assert planned(connected().read(), seen) == ()


def test_a_run_killed_before_it_closes_its_twin_is_healed(github: GitHubDouble, connected: Connect) -> None:
    """The next run sees both, and joins them."""
    seen = campaign(1, looks(store=Look.DEAD))
    plan = planned(connected().read(), seen)
    list(connected().apply(plan))
    github.switches.faults.extend([Fault("PATCH", 503)] * 4)
    with pytest.raises(IssueTrackerError):
        list(connected().apply(plan))
    assert standing(github) == [1, 2]

    list(connected().apply(planned(connected().read(), seen)))

    assert standing(github) == [1]


def test_what_is_no_issue_of_ours_is_nobodys_twin(github: GitHubDouble, connected: Connect) -> None:
    """Pull requests, what is deleted, what has moved, and what people wrote into theirs."""
    seen = campaign(1, looks(store=Look.DEAD))
    (create,) = plan = planned(connected().read(), seen)
    for login in ("octocat", "github-actions[bot]"):
        github.file("copy", create.body, login=login, labels=("e2e-campaign",), is_pull=login != "octocat")
    github.repository.delete(github.file("gone"))
    github.repository.transfer(github.file("elsewhere"), github.elsewhere)

    list(connected().apply(plan))

    assert 5 in standing(github)


@pytest.mark.parametrize(
    ("before", "asked"),
    [
        ((), [LISTED, SEARCHED, CREATED]),
        (("e2e-campaign",), [LISTED, CREATED]),
        (("e2e-campaign", "bug"), [LISTED, CREATED, LISTED]),
    ],
    ids=["the first issue", "issues of ours", "a busy repository"],
)
def test_an_outage_of_332_tests_costs_one_issue_and_three_calls(
    before: Sequence[str], asked: Sequence[str], github: GitHubDouble, connected: Connect
) -> None:
    """Where each number is accounted for nothing is looked for; among issues of others, one list is."""
    for label in before:
        github.file("older", labels=(label,))
    tests = tuple(ended("store", f"case_{number}", Outcome.FAILED) for number in range(332))
    outage = incident(failed=tuple(test.node_id for test in tests))
    tracker = connected()

    done = list(tracker.apply(decide(tracker.read(), failing(1, tests=tests), AROUND, [outage])))

    assert len(done) == 1
    assert github.asked == asked


def test_the_issues_of_one_run_are_looked_for_once(github: GitHubDouble, connected: Connect) -> None:
    """What another one was filed among is known by then."""
    github.file("busy", login="octocat")
    triaged(connected(), 1, looks(cache=Look.DEAD, store=Look.DEAD))

    assert github.asked == [LISTED, SEARCHED, CREATED, LISTED, CREATED]


def test_without_the_permission_to_label_one_issue_stays_open(github: GitHubDouble, connected: Connect) -> None:
    """No list by labels shows it: each run that files again closes its own, and says what is wrong."""
    github.switches.may_push = False
    for number in (1, 2, 3):
        with pytest.raises(UsageError, match=r"GitHub dropped the labels .* of #1,"):
            triaged(connected(), number, looks(store=Look.DEAD))

    assert [number for number, one in github.issues.items() if one["state"] == "open"] == [1]


def test_an_issue_without_labels_is_given_them_once_that_is_permitted(github: GitHubDouble, connected: Connect) -> None:
    """From then on lists show it."""
    github.switches.may_push = False
    with pytest.raises(UsageError):
        triaged(connected(), 1, looks(store=Look.DEAD))
    github.switches.may_push = True

    triaged(connected(), 2, looks(store=Look.DEAD))
    triaged(connected(), 3, looks(store=Look.DEAD))

    assert standing(github) == [1]
    assert list(github.issues) == [1, 2]

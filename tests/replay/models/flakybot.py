"""The rules of flakybot (googleapis/repo-automation-bots), as of its ``flakybot.ts``: one issue a test or package.

It lists its issues once for each report of a job. Ten or more failures of one package share an issue, unless one is
open for the package; it hears of each further build by a comment. What fails alone has an issue of its own, by its
title; one that was closed at most ten days ago is opened again and called flaky, whoever closed it, and an issue that
is flaky hears nothing more and is never closed again. A pass closes what is not flaky. Left out, in its favour: reading
its configuration, and its locks.
"""

from collections import defaultdict
from collections.abc import Iterable

from tests.replay.runs import Failure, JobRun
from tests.replay.tracker import Page, Tracker

MANY = 10
FLAKY = "flakybot: flaky"


def flakybot(run: JobRun, tracker: Tracker) -> None:
    """Open, comment, reopen and close as flakybot does after one job."""
    issues = tracker.listed()
    packages: dict[str, list[Failure]] = defaultdict(list)
    for failure in run.failed:
        packages[failure.test.package].append(failure)
    for package, failures in packages.items():
        _of_package(package, failures, issues, run, tracker)
    _close(run, packages, issues, tracker)


def _of_package(package: str, failures: list[Failure], issues: list[Page], run: JobRun, tracker: Tracker) -> None:
    causes = {failure.cause for failure in failures}
    shared = next((page for page in issues if page.title == _shared_title(package) and page.is_open), None)
    if shared:
        _still(shared, causes, run, tracker)
    elif len(failures) >= MANY:
        tracker.create(_shared_title(package), _text(run), causes)
    else:
        for failure in failures:
            _of_test(failure, issues, run, tracker)


def _of_test(failure: Failure, issues: list[Page], run: JobRun, tracker: Tracker) -> None:
    title = _title(failure.test.package, failure.test.name)
    named = sorted((page for page in issues if page.title == title), key=lambda page: not page.is_open)
    if not named:
        tracker.create(title, _text(run), {failure.cause})
    elif named[0].is_open:
        _still(named[0], {failure.cause}, run, tracker)
    else:
        tracker.reads_once()
        _flaky(named[0], {failure.cause}, run, tracker)


def _still(page: Page, causes: Iterable[str], run: JobRun, tracker: Tracker) -> None:
    """It is read again, and hears of a build only once."""
    tracker.reads_once()
    if FLAKY not in page.labels and not _knows(page, run, tracker):
        tracker.comment(page, _text(run), causes)


def _close(run: JobRun, failing: Iterable[str], issues: list[Page], tracker: Tracker) -> None:
    failed = {_title(one.test.package, one.test.name) for one in run.failed} | set(map(_shared_title, failing))
    passed = {title for test in run.passed for title in (_title(test.package, test.name), _shared_title(test.package))}
    for page in issues:
        if page.is_open and page.title in passed - failed and FLAKY not in page.labels:
            if _knows(page, run, tracker):
                _flaky(page, (), run, tracker)
                break
            tracker.comment(page, "passed")
            tracker.turn(page, is_open=False)


def _flaky(page: Page, causes: Iterable[str], run: JobRun, tracker: Tracker) -> None:
    page.labels.add(FLAKY)
    tracker.turn(page, is_open=True)
    tracker.comment(page, _text(run), causes)


def _knows(page: Page, run: JobRun, tracker: Tracker) -> bool:
    return page.text == _text(run) or _text(run) in tracker.said_in(page)


def _text(run: JobRun) -> str:
    return f"commit: {run.commit}"


def _shared_title(package: str) -> str:
    return _title(package, "many tests")


def _title(package: str, name: str) -> str:
    return f"{package}: {name} failed"

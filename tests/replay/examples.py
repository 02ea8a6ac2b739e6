"""Small runs for the tests of the models: one file of tests, told in few words."""

from tests.replay.inventory import File, ReplayedTest
from tests.replay.runs import Failure, JobRun

HERE = File(suite="shop", path="tests/test_shop.py", count=20, job="core", judges="backend", store="redis")


def a_run(failed: int = 0, *, passed: int = 0, cause: str = "one", commit: str = "a", job: str = "core") -> JobRun:
    """The first *failed* tests fail of *cause*, the *passed* ones after them pass."""
    tests = [ReplayedTest(HERE, f"test_{number}") for number in range(failed + passed)]
    return JobRun(
        job=job,
        commit=commit,
        passed=tuple(tests[failed:]),
        failed=tuple(Failure(test, cause) for test in tests[:failed]),
    )

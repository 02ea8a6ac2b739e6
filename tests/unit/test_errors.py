import pickle
from collections.abc import Iterator

import pytest

from ci_tools import errors
from ci_tools.errors import CampaignError, ExitCode, ThrottledError, UnreachableError

DOCUMENTED = {
    "CampaignError": ExitCode.DEFECT,
    "UsageError": ExitCode.USAGE,
    "SpecError": ExitCode.USAGE,
    "CredentialsMissingError": ExitCode.USAGE,
    "ForeignJournalError": ExitCode.USAGE,
    "TargetError": ExitCode.FAIL,
    "UnreachableError": ExitCode.FAIL,
    "RefusedCredentialsError": ExitCode.FAIL,
    "EvidenceError": ExitCode.INCONCLUSIVE,
    "OwnPaceError": ExitCode.INCONCLUSIVE,
    "ThrottledError": ExitCode.INCONCLUSIVE,
    "EmptyJournalError": ExitCode.INCONCLUSIVE,
    "JournalWriteError": ExitCode.DEFECT,
    "TwinError": ExitCode.DEFECT,
    "IssueTrackerError": ExitCode.DEFECT,
}
"""Configuration is 2, the deployed system's fault 1, missing evidence 3, our own fault 4."""


def below(kind: type[CampaignError]) -> Iterator[type[CampaignError]]:
    """*kind* and every error derived from it in the tree of errors."""
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from below(child)


def test_exit_codes_are_distinct_and_complete() -> None:
    """Each ending of the program has a number of its own, as documented."""
    assert {code.name: code.value for code in ExitCode} == {
        "PASS": 0,
        "FAIL": 1,
        "USAGE": 2,
        "INCONCLUSIVE": 3,
        "DEFECT": 4,
    }
    assert len(ExitCode.__members__) == len(ExitCode)


@pytest.mark.parametrize(
    ("name", "code"),
    DOCUMENTED.items(),
)
def test_an_error_ends_the_program_as_documented(name: str, code: ExitCode) -> None:
    """Configuration is 2, the system's fault 1, missing evidence 3, our own fault 4."""
    assert getattr(errors, name).exit_code is code


def test_no_error_is_left_out_of_the_list_above() -> None:
    """Every error in the tree has a documented exit code."""
    assert {kind.__name__ for kind in below(CampaignError)} == set(DOCUMENTED)


def test_every_exit_code_but_a_pass_is_reachable_by_an_error() -> None:
    """Each code is the ending of something."""
    assert {kind.exit_code for kind in below(CampaignError)} == set(ExitCode) - {ExitCode.PASS}


def test_an_error_prints_its_message_alone() -> None:
    """The text of an error is the whole message that a person reads."""
    assert str(UnreachableError("no connection to x", kind="tcp", code="ECONNREFUSED")) == "no connection to x"


def test_an_unreachable_target_says_where_it_broke() -> None:
    """The layer and the genuine error's symbol are kept beside the message."""
    error = UnreachableError("no connection", kind="tcp", code="ECONNREFUSED")

    assert (error.kind, error.code) == ("tcp", "ECONNREFUSED")


def test_a_throttled_request_knows_when_to_come_back() -> None:
    """The edge's Retry-After is kept beside the message."""
    assert ThrottledError("429", retry_after_s=600.0).retry_after_s == 600.0


@pytest.mark.parametrize("error", [UnreachableError("x", kind="dns"), ThrottledError("x", retry_after_s=1.0)])
def test_an_error_may_cross_processes(error: CampaignError) -> None:
    """An error raised in a worker arrives with what it knew."""
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert (type(arrived), str(arrived), vars(arrived)) == (type(error), str(error), vars(error))

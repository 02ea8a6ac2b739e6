"""The exception tree and the exit codes of ``ci-tools`` (DESIGN: exit codes).

Every error says what happened, the value, what was allowed and the next step, in lower case.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a process of this project ends with."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    INCONCLUSIVE = 3
    DEFECT = 4


class CampaignError(Exception):
    """Any failure this project raises on purpose; its text is the whole message a person reads."""

    exit_code = ExitCode.DEFECT


class UsageError(CampaignError):
    """The command line names something that does not exist or cannot be combined."""

    exit_code = ExitCode.USAGE


class SpecError(UsageError):
    """``campaign.toml`` is not valid; the text names file, line, value and the legal values."""


class CredentialsMissingError(UsageError):
    """A secret that the environment's auth strategy needs is not in the environment."""


class ForeignJournalError(UsageError):
    """The directory holds files, but no journal that this version can read."""


class TargetError(CampaignError):
    """The deployed system did not do what was asked of it; *status* is the HTTP status that says so, if one does."""

    exit_code = ExitCode.FAIL

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class UnreachableError(TargetError):
    """No connection: name resolution, TCP, TLS or an unanswered request.

    *kind* is ``dns``, ``tcp``, ``tls``, ``timeout`` or ``protocol``; *code* the genuine error's own
    symbol, where it has one: ``ECONNREFUSED``, ``EAI_NONAME``, ``CERTIFICATE_VERIFY_FAILED``.
    """

    def __init__(self, message: str, *, kind: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code


class RefusedCredentialsError(TargetError):
    """The deployed system was reached and refused our credentials."""


class EvidenceError(CampaignError):
    """What was seen does not suffice for a verdict."""

    exit_code = ExitCode.INCONCLUSIVE


class ThrottledError(EvidenceError):
    """The edge limited *our* traffic (429): no evidence about the system behind it."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class OwnPaceError(ThrottledError):
    """Our own pace would have had us wait too long: nothing was sent, so nobody limited us."""


class EmptyJournalError(EvidenceError):
    """A journal without a single readable event."""


class JournalWriteError(CampaignError):
    """Evidence could not be written (full disk, lost permission): the campaign cannot be trusted."""


class TwinError(CampaignError):
    """The local staging twin did not start, stop or switch as asked."""


class IssueTrackerError(CampaignError):
    """GitHub did not give or take what was asked: nothing is lost, the same journal can be triaged again."""

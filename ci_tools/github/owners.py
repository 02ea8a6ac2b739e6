"""What GitHub itself finds wrong with CODEOWNERS: it alone knows who exists and may write."""

from ci_tools.errors import UsageError
from ci_tools.github.answers import AbsentError
from ci_tools.github.documents import OWNERS_ERRORS, validated
from ci_tools.github.requests import Requests
from ci_tools.report.inert import line

_PATH = "/codeowners/errors"
_FORBIDDEN = 403
_MOST_NAMED = 5


def check_owners(requests: Requests) -> None:
    """Do nothing if GitHub finds nothing wrong, or no CODEOWNERS.

    Raises:
        UsageError: an owner is unknown or a line is not valid; or the token may not ask.
    """
    try:
        answer = requests.send("GET", _PATH).document
    except AbsentError:
        return
    except UsageError as error:
        if getattr(error.__cause__, "status", None) == _FORBIDDEN:
            raise UsageError(f"{error}, and contents: read, for the owners in CODEOWNERS to be checked") from error
        raise
    found = validated(OWNERS_ERRORS, answer, _PATH).errors
    if found:
        named = "; ".join(
            line(f"{one.path}:{one.line}: {one.kind}: {(one.source or one.message).strip()}")
            for one in found[:_MOST_NAMED]
        )
        more = f"; and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        raise UsageError(
            f"{named}{more}; whoever is named there is told nothing: name users or teams that exist and may write"
        )

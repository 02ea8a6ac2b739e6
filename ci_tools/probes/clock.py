"""The server's clock beside ours."""

import time
from email.utils import parsedate_to_datetime

from ci_tools.model import DependencyState
from ci_tools.probes.clients import Clients
from ci_tools.probes.reading import read, source_of
from ci_tools.probes.sighting import Seen, Sighting
from ci_tools.questions import ClockProbe


async def compare(probe: ClockProbe, clients: Clients) -> list[Seen]:
    """*Up*: the two are no further apart than allowed. *Unknown*: the answer carries no readable date.

    Raises:
        UnreachableError: nothing was answered.
        ThrottledError: the edge limited us.
    """
    answer = await read(probe, clients)
    return [Seen(probe.dependency, _apart(answer.headers.get("date"), probe.within_s), source_of(probe, clients))]


def _apart(date: str | None, within_s: float) -> Sighting:
    try:
        theirs_s = parsedate_to_datetime(date or "").timestamp()
    except (ValueError, OverflowError):
        return Sighting(state=DependencyState.UNKNOWN, text=f"the answer's date is {date!r}")
    # The header counts whole seconds and was written up to a round trip ago.
    apart_s = time.time() - theirs_s - 0.5
    text = f"the server's clock is {abs(apart_s):.0f} s {'behind' if apart_s > 0 else 'ahead of'} ours"
    if abs(apart_s) <= within_s:
        return Sighting(state=DependencyState.UP, text=text)
    return Sighting(state=DependencyState.DEGRADED, code="skew", text=text)

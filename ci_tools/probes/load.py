"""A few reads alone, a few at once: what fails only at once is capacity, what fails alone is not."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ci_tools.errors import TargetError
from ci_tools.evidence.redaction import excerpt
from ci_tools.model import DependencyState
from ci_tools.probes.clients import Clients
from ci_tools.probes.reading import read, source_of
from ci_tools.probes.sighting import Seen, Sighting
from ci_tools.questions import LoadProbe

_ALONE = 3
_OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class _Read:
    elapsed_s: float
    words: str
    """Empty: it was answered as it should be."""


async def press(probe: LoadProbe, clients: Clients) -> list[Seen]:
    """*Down*: alone it answers, at once it does not. *Unknown*: it fails alone, too, so nothing can be said of load.

    Raises:
        EvidenceError: we were throttled, or had no credentials.
    """
    bearer = await clients.bearer(probe.timeout_s) if probe.authenticated else None
    alone: list[_Read] = []
    while len(alone) < _ALONE and not any(one.words for one in alone):
        alone.append(await _read(probe, clients, bearer))
    if words := alone[-1].words:
        text = f"read {len(alone)} of {_ALONE} fails without load: {words}"
        seen = Sighting(state=DependencyState.UNKNOWN, code="fails_alone", text=text, samples_s=_samples(alone))
        return [Seen(probe.dependency, seen, source_of(probe, clients))]
    together = await asyncio.gather(*(_read(probe, clients, bearer) for _ in range(probe.together)))
    seen = _compared(alone, together)
    return [Seen(probe.dependency, seen, f"{source_of(probe, clients)}, {probe.together} at once")]


async def _read(probe: LoadProbe, clients: Clients, bearer: str | None) -> _Read:
    clock = asyncio.get_running_loop().time
    began_s = clock()
    try:
        answer = await read(probe, clients, bearer=bearer)
    except TargetError as error:
        return _Read(clock() - began_s, str(error))
    words = "" if answer.status in _OK else f"{answer.status}: {excerpt(answer.text, 300)}"
    return _Read(answer.elapsed_s, words)


def _compared(alone: Sequence[_Read], together: Sequence[_Read]) -> Sighting:
    """Slower at once is how a healthy service queues, so only failures count."""
    failed = [one for one in together if one.words]
    before_s, after_s = (median(one.elapsed_s for one in reads) for reads in (alone, together))
    rate = f"{len(failed)} of {len(together)} fail at once, none of {len(alone)} alone"
    text = f"{rate}; median {after_s:.3f} s at once, {before_s:.3f} s alone"
    if failed:
        words = f"{text}; {failed[0].words}"
        return Sighting(state=DependencyState.DOWN, code="rises_with_load", text=words, samples_s=_samples(together))
    return Sighting(state=DependencyState.UP, latency_s=before_s, text=text, samples_s=_samples(together))


def _samples(reads: Sequence[_Read]) -> tuple[float, ...]:
    return tuple(round(one.elapsed_s, 6) for one in reads)

"""Conservation of shards: each one that is due has to leave a journal, and to finish what it began."""

from collections.abc import Iterable

from ci_tools.model import Phase, Shard
from ci_tools.verdict.fold import CampaignState


def missing_shards(state: CampaignState) -> list[str]:
    """What the campaign still waits for, in words."""
    planned = state.started.shards if state.started else ()
    if not planned:
        return [] if state.finished else ["the campaign never finished: its process was killed or is still running"]
    begun = set(state.shards.values())
    ended = {state.shards[writer] for writer in state.finishers if writer in state.shards}
    absent = [shard.number for shard in _due(state) if shard.number not in begun]
    return [
        *([f"{_shards(absent)} of {len(planned)} left no journal here: put it into this directory"] if absent else []),
        *(
            f"shard {number} never finished: its process was killed or is still running"
            for number in sorted(begun - ended)
        ),
    ]


def _due(state: CampaignState) -> list[Shard]:
    """Those with a phase of the plan: of what might have followed the first phase, only what was chosen is due."""
    chosen = {phase.number for phase in state.plan.phases} if state.plan else set()
    return [shard for shard in (state.started.shards if state.started else ()) if chosen.intersection(shard.phases)]


def unfinished(phase: Phase, state: CampaignState) -> list[str]:
    """What kept *phase* from its end, in words; nothing if all of it came there."""
    ends = state.phases_finished.get(phase.number, {})
    cut = [end.cut_short for _, end in ends.values() if end.cut_short]
    due = [shard.number for shard in (state.started.shards if state.started else ()) if phase.number in shard.phases]
    if not due:
        return cut if ends else ["never finished"]
    done = {state.shards.get(writer) for writer in ends}
    open_parts = [number for number in due if number not in done]
    return [*cut, *([f"never finished by {_shards(open_parts)}"] if open_parts else [])]


def _shards(numbers: Iterable[int]) -> str:
    words = [str(number) for number in numbers]
    return f"shard {words[0]}" if len(words) == 1 else f"shards {', '.join(words)}"

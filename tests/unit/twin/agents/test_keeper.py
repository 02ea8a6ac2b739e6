import asyncio
from typing import Any

import pytest

from ci_tools.twin.agents.events import AgentEvent, EventType, recorded
from ci_tools.twin.agents.failures import StorageError
from ci_tools.twin.agents.keeper import Keeper
from ci_tools.twin.agents.runs import AgentName, RunState, RunStatus

RUN = RunState(
    run_id="run-1",
    user_id="user-1",
    agent=AgentName.DATA,
    status=RunStatus.RUNNING,
    message="hello",
    thread_id=None,
    request_id=None,
    created_at="2025-09-16T12:00:00.000+00:00",
    updated_at="2025-09-16T12:00:00.000+00:00",
)
EVENT = AgentEvent(
    type=EventType.AGENT_COMPLETED,
    run_id="run-1",
    user_id="user-1",
    agent_name=AgentName.DATA,
    timestamp="2025-09-16T12:00:01.000+00:00",
    data={},
)


async def test_the_end_is_stored_at_once_with_its_last_event(house: Any) -> None:
    """The stored run holds the terminal step before anyone is told."""
    ended = await Keeper(house.store, RUN).close(EVENT, status=RunStatus.COMPLETED, result={"response": "done"})

    assert ended == house.store.runs["run-1"]
    assert (ended.status, ended.updated_at) == (RunStatus.COMPLETED, EVENT.timestamp)
    assert ended.steps == (recorded(EVENT, 1),)


async def test_many_changes_are_one_write(house: Any) -> None:
    """Changes in quick succession are written together."""
    keeper = Keeper(house.store, RUN)
    keeper.steps = [recorded(EVENT, 1)]
    keeper.touch()
    keeper.touch()
    await asyncio.wait_for(house.store.saved.acquire(), 2)
    await keeper.close(EVENT)

    assert [len(run.steps) for run in house.store.saves] == [1, 2]


async def test_a_change_during_a_write_is_written_after_it(house: Any) -> None:
    """The state that can be read is never behind for long."""
    keeper = Keeper(house.store, RUN)
    keeper.steps = steps = [recorded(EVENT, 1)]
    keeper.touch()
    house.store.during_save = lambda: steps.append(recorded(EVENT, 2))
    await asyncio.wait_for(house.store.saved.acquire(), 2)
    await asyncio.wait_for(house.store.saved.acquire(), 2)

    assert [len(run.steps) for run in house.store.saves] == [1, 2]


async def test_nothing_is_written_after_the_end(house: Any) -> None:
    """A change that is told with the end does not store the run once more, with another time."""
    keeper = Keeper(house.store, RUN)
    await keeper.close(EVENT, status=RunStatus.COMPLETED)
    await house.store.saved.acquire()
    keeper.touch()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(house.store.saved.acquire(), 0.2)
    assert [run.updated_at for run in house.store.saves] == [EVENT.timestamp]


async def test_an_end_that_was_not_stored_is_stored_with_the_next_change(house: Any) -> None:
    """A store that was away for a moment does not leave the run under way for ever."""
    house.store.broken = True
    keeper = Keeper(house.store, RUN)
    with pytest.raises(StorageError):
        await keeper.close(EVENT, status=RunStatus.FAILED)
    house.store.broken = False
    keeper.touch()
    await asyncio.wait_for(house.store.saved.acquire(), 2)

    assert house.store.runs["run-1"].status is RunStatus.FAILED


async def test_a_store_that_is_away_does_not_end_the_run_in_between(house: Any) -> None:
    """Only the end must be stored."""
    house.store.broken = True
    keeper = Keeper(house.store, RUN)
    keeper.touch()
    with pytest.raises(StorageError):
        await keeper.close(EVENT)

    house.store.broken = False
    assert (await keeper.close(EVENT, status=RunStatus.FAILED)).status is RunStatus.FAILED

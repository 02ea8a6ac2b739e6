import asyncio
import multiprocessing
import struct
import tempfile
import time
from pathlib import Path

import pytest

from ci_tools.errors import OwnPaceError, UsageError
from ci_tools.model import EdgeLimit, Environment
from ci_tools.target.pacing import MAX_WAIT_S, Pace, Pacer, pacing_directory

LIMIT = EdgeLimit(path_prefix="/", rate_per_min=100, burst=10)
FAST = EdgeLimit(path_prefix="/", rate_per_min=60_000, burst=10)


def _admitted_in_a_minute(pace: Pace) -> int:
    """Requests that may go within 60 s when each is asked for as soon as the one before may go."""
    now_s, count = 1000.0, 0
    while (wait_s := pace.reserve(now_s)) + now_s <= 1060.0:
        now_s += wait_s
        count += 1
    return count


@pytest.mark.parametrize(
    ("rate_per_min", "burst", "share", "at_most", "at_least"),
    [
        (100, 10, 1.0, 96, 85),
        (100, 10, 0.5, 48, 37),
        (1000, 20, 0.8, 761, 740),
        (100, 500, 1.0, 96, 85),
        (1, 1, 1.0, 1, 1),
        (6, 10, 0.25, 1, 1),
    ],
)
def test_pace_stays_below_the_limit(
    tmp_path: Path, *, rate_per_min: float, burst: int, share: float, at_most: int, at_least: int
) -> None:
    """Burst and sustained rate together stay within 95 % of the share of a minute's limit, and use most of it."""
    limit = EdgeLimit(path_prefix="/", rate_per_min=rate_per_min, burst=burst)

    count = _admitted_in_a_minute(Pace(tmp_path / "arrival", limit, share))

    assert at_least <= count <= at_most


def test_burst_goes_at_once(tmp_path: Path) -> None:
    """As many requests as the burst wait for nothing; the next one waits one interval."""
    pace = Pace(tmp_path / "arrival", LIMIT, 1.0)

    waits = [pace.reserve(50.0) for _ in range(11)]

    assert waits[:10] == [0.0] * 10
    assert waits[10] == pytest.approx(pace.interval_s)


def test_unused_time_is_not_saved_up_beyond_the_burst(tmp_path: Path) -> None:
    """After an hour of silence no more than one burst goes at once."""
    pace = Pace(tmp_path / "arrival", LIMIT, 1.0)
    pace.reserve(50.0)

    waits = [pace.reserve(3650.0) for _ in range(11)]

    assert waits.count(0.0) == 10


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"abc",
        b"12345678901234567890",
        struct.pack("<d", float("nan")),
        struct.pack("<d", float("inf")),
        struct.pack("<d", -1.0),
        struct.pack("<d", 1e12),
    ],
    ids=["empty", "short", "long", "nan", "infinite", "negative", "another boot"],
)
def test_damaged_file_is_healed(tmp_path: Path, content: bytes) -> None:
    """A file that no process of this boot can have written counts as new, and is valid afterwards."""
    path = tmp_path / "arrival"
    path.write_bytes(content)

    wait_s = Pace(path, LIMIT, 1.0).reserve(50.0)

    assert wait_s == 0.0
    assert len(path.read_bytes()) == 8


def test_too_long_a_queue_reserves_nothing(tmp_path: Path) -> None:
    """Who would wait longer than the bound is told so and leaves the queue as it was."""
    pace = Pace(tmp_path / "arrival", LIMIT, 1.0)
    while pace.reserve(50.0) <= MAX_WAIT_S:
        pass
    before = (tmp_path / "arrival").read_bytes()

    refused_s = pace.reserve(50.0)

    assert refused_s > MAX_WAIT_S
    assert (tmp_path / "arrival").read_bytes() == before


async def test_too_long_a_queue_is_our_own_throttling(tmp_path: Path) -> None:
    """A queue beyond the bound is no evidence about the system, and nobody's limit but ours."""
    slow = EdgeLimit(path_prefix="/", rate_per_min=0.1, burst=1)
    pacer = Pacer(tmp_path, (slow,))
    await pacer.admit("/health")

    with pytest.raises(OwnPaceError, match=r"our own pace.*raise pacing_share or the limit's rate_per_min"):
        await pacer.admit("/health")


async def test_who_waits_at_another_rate_holds_nobody_up(tmp_path: Path) -> None:
    """A limit that was corrected holds from the next command on."""
    slow = Pacer(tmp_path, (EdgeLimit(path_prefix="/", rate_per_min=1, burst=1),))
    await slow.admit("/health")

    waited_s = await Pacer(tmp_path, (EdgeLimit(path_prefix="/", rate_per_min=300, burst=1),)).admit("/health")

    assert waited_s == 0.0


async def test_longest_prefix_binds(tmp_path: Path) -> None:
    """A path is paced by its longest matching limit alone; a path without one is not paced."""
    slow = EdgeLimit(path_prefix="/slow/", rate_per_min=0.1, burst=1)
    pacer = Pacer(tmp_path, (EdgeLimit(path_prefix="/slow/but/fast/", rate_per_min=60_000), slow))
    await pacer.admit("/slow/")

    waits = [await pacer.admit("/slow/but/fast/x"), await pacer.admit("/elsewhere")]

    assert waits == [0.0, 0.0]


async def test_admission_waits_for_its_turn(tmp_path: Path) -> None:
    """What may go only later returns only then."""
    pacer = Pacer(tmp_path, (EdgeLimit(path_prefix="/", rate_per_min=2000, burst=1),))
    began = time.monotonic()

    waits = [await pacer.admit("/") for _ in range(3)]

    assert waits[2] > 0
    assert time.monotonic() - began >= sum(waits)


def _admit(directory: str, count: int) -> None:
    async def run() -> None:
        pacer = Pacer(Path(directory), (FAST,))
        for _ in range(count):
            await pacer.admit("/")

    asyncio.run(run())


def test_processes_share_one_pace(tmp_path: Path) -> None:
    """Three processes together are as slow as one that asks for all their requests."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_admit, args=(str(tmp_path), 100)) for _ in range(3)]
    before_s = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)

    (stored_s,) = struct.unpack("<d", next(tmp_path.iterdir()).read_bytes())
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert stored_s >= before_s + 300 * Pace(tmp_path / "unused", FAST, 1.0).interval_s


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5])
def test_share_is_a_part_of_the_limit(tmp_path: Path, share: float) -> None:
    """A share of nothing, or of more than all, is a usage error."""
    with pytest.raises(UsageError, match="above 0, at most 1"):
        Pacer(tmp_path, (), share)


def test_directory_is_private(tmp_path: Path) -> None:
    """The directory from the environment variable is created for this user only."""
    directory = pacing_directory(Environment(name="twin", hosts={}), {"CAMPAIGN_PACING_DIR": str(tmp_path / "pace")})

    assert directory == tmp_path / "pace"
    assert directory.stat().st_mode & 0o777 == 0o700


def test_directory_that_is_a_link_is_refused(tmp_path: Path) -> None:
    """A link, which somebody else may have laid, is no pacing directory."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(UsageError, match="CAMPAIGN_PACING_DIR"):
        pacing_directory(Environment(name="twin", hosts={}), {"CAMPAIGN_PACING_DIR": str(tmp_path / "link")})


def test_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """With the reason and the variable to set; it is no defect of ours."""
    (tmp_path / "taken").touch()

    with pytest.raises(UsageError, match=r"cannot use pacing directory '.*taken': .*; set CAMPAIGN_PACING_DIR"):
        pacing_directory(Environment(name="twin", hosts={}), {"CAMPAIGN_PACING_DIR": str(tmp_path / "taken")})


def test_each_environment_has_its_own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Environments of one name but other hosts do not share their pace; equal ones do."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    one = Environment(name="staging", hosts={"backend": "https://one.test"})
    other = Environment(name="staging", hosts={"backend": "https://other.test"})

    directories = [pacing_directory(environment, {}) for environment in (one, other, one)]

    assert directories[0] != directories[1]
    assert directories[0] == directories[2]

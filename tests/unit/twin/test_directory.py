import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_tools.errors import TwinError, UsageError
from ci_tools.twin.directory import (
    _SERVED_LOCK,
    TwinDirectory,
    pointer_held,
    publish,
    published,
    served_pointer,
    user_folder,
    withdraw,
    write_atomically,
)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of the test's own, short enough for sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="t") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_the_folder_is_the_users_alone(temporary: Path) -> None:
    """Others may not write or list it."""
    folder = user_folder()

    assert folder.parent == temporary
    assert stat.S_IMODE(folder.stat().st_mode) == 0o711


def test_a_folder_that_others_may_write_is_refused(temporary: Path) -> None:
    """Somebody could have put anything there."""
    planted = temporary / f"netra-twin-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)

    with pytest.raises(TwinError, match="not a directory that only user"):
        user_folder()


def test_a_link_is_no_folder(temporary: Path, tmp_path: Path) -> None:
    """A planted link is not followed."""
    (temporary / f"netra-twin-{os.getuid()}").symlink_to(tmp_path)

    with pytest.raises(TwinError):
        user_folder()


def test_a_living_twins_directory_stays(tmp_path: Path) -> None:
    """A second start leaves the first twin's directory alone."""
    first = TwinDirectory.create(tmp_path)
    second = TwinDirectory.create(tmp_path)
    both = first.path.is_dir() and second.path.is_dir()
    second.remove()
    first.remove()

    assert both
    assert list(tmp_path.iterdir()) == []


def test_a_dead_twins_directory_is_collected(tmp_path: Path) -> None:
    """The next start removes what a killed twin left."""
    dead = TwinDirectory.create(tmp_path)
    (dead.path / "data").write_text("x")
    os.close(dead.lock)
    TwinDirectory.create(tmp_path).remove()

    assert list(tmp_path.iterdir()) == []


def test_a_file_is_written_whole_and_privately(tmp_path: Path) -> None:
    """The file is its owner's alone, and nothing stays beside it."""
    target = tmp_path / "settings.json"
    target.write_text("before")
    write_atomically(target, "after")

    assert target.read_text() == "after"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_a_served_twin_is_published_and_withdrawn(tmp_path: Path) -> None:
    """The pointer tells of the twin while it is served."""
    with pointer_held(tmp_path) as pointer:
        publish(pointer, {"pid": 1})
        told = published(served_pointer(tmp_path))
        withdraw(pointer)

    assert told == {"pid": 1}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("announced", "who"), [({"pid": 4711}, "process 4711"), ({}, "it is starting")])
def test_one_twin_is_served_at_a_time(tmp_path: Path, announced: dict[str, int], who: str) -> None:
    """A second one would take the first one's pointer away; it is told who holds it."""
    with pointer_held(tmp_path) as pointer:
        publish(pointer, announced)
        with pytest.raises(UsageError, match=rf"is being served from this checkout already \({who}\): .* --on NAME"):
            pointer_held(tmp_path).__enter__()

        assert published(pointer) == announced


def test_what_a_killed_twin_has_left_is_in_nobodys_way(tmp_path: Path) -> None:
    """Its lock went with it, though the file is there."""
    left = served_pointer(tmp_path)
    publish(left, {"pid": 1})
    left.with_suffix(_SERVED_LOCK).touch()

    with pointer_held(tmp_path) as pointer:
        publish(pointer, {"pid": 2})

        assert published(left) == {"pid": 2}


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_an_unreadable_pointer_tells_nothing(tmp_path: Path, content: str) -> None:
    """Torn or foreign content is no twin."""
    pointer = served_pointer(tmp_path)
    pointer.write_text(content)

    assert published(pointer) is None

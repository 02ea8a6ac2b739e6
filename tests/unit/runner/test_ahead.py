import os
import subprocess
import sys
from pathlib import Path

import pytest

from ci_tools.runner import ahead

TELLING = """\
import os, sys
from pathlib import Path
def test_it():
    main = sys.modules["__main__"]
    seen = [sys.argv[0], sys.path, os.getcwd(), main.__name__, main.__spec__ and main.__spec__.name, sys.orig_argv[0]]
    Path("seen").write_text(repr(seen))
"""


def run(root: Path, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run the script as a campaign does."""
    return start(root, ahead.__file__, *arguments, **environ)


def start(root: Path, *words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run Python below *root*."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    variables |= {"PYTHONPATH": str(Path(__file__).parents[3]), **environ}
    argv = [sys.executable, *words, "-p", "no:cacheprovider"]
    return subprocess.run(argv, cwd=root, env=variables, capture_output=True, text=True, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A suite that takes warnings for errors."""
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nfilterwarnings = error\nasyncio_default_fixture_loop_scope = function\n", encoding="utf-8"
    )
    (tmp_path / "test_it.py").write_text(TELLING, encoding="utf-8")
    return tmp_path


def test_the_controller_is_what_python_m_pytest_is(root: Path) -> None:
    """To the tests that run in it; no plugin is imported too early for its assertions."""
    assert run(root).returncode == 0
    forked = (root / "seen").read_text(encoding="utf-8")
    assert start(root, "-m", "pytest").returncode == 0

    assert (root / "seen").read_text(encoding="utf-8") == forked


def test_the_exit_code_is_that_of_pytest(root: Path) -> None:
    """A failing test, and options that do not exist."""
    (root / "test_it.py").write_text("def test_it(): assert 1 == 2\n", encoding="utf-8")

    assert (run(root).returncode, run(root, "--no-such-option").returncode) == (1, 4)


def test_a_named_plugin_is_imported_ahead(root: Path) -> None:
    """By the process that forks, as pytest would import it: with its assertions rewritten."""
    (root / "shop").mkdir()
    (root / "shop" / "stock.py").write_text(
        "import os, pathlib\npathlib.Path('imported').write_text(str(os.getpid()))\ndef check(): assert [1] == [2]\n",
        encoding="utf-8",
    )
    (root / "test_it.py").write_text(
        "import os, pathlib, shop.stock\ndef test_it():\n"
        "    assert pathlib.Path('imported').read_text() == str(os.getppid())\n    shop.stock.check()\n",
        encoding="utf-8",
    )

    assert "At index 0 diff: 1 != 2" in run(root, "-p", "shop.stock").stdout


def test_a_plugin_that_starts_a_thread_is_not_forked(root: Path) -> None:
    """A fork would lack the thread; the log says so, and pytest runs all the same."""
    (root / "shop").mkdir()
    (root / "shop" / "clock.py").write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n", encoding="utf-8"
    )

    ran = run(root, "-p", "shop.clock")

    assert ran.stderr == (
        "ci-tools: workers are started instead of forked: "
        "UnusableError: a plugin has started 1 threads when it was imported\n"
    )
    assert (ran.returncode, "1 passed" in ran.stdout) == (0, True)


def test_what_cannot_be_imported_is_pytests_to_tell(root: Path) -> None:
    """In its own words, with its own exit code."""
    ran = run(root, "-p", "shop.nowhere")

    assert ran.returncode == start(root, "-m", "pytest", "-p", "shop.nowhere").returncode
    assert ran.stderr.startswith("ci-tools: workers are started instead of forked: ModuleNotFoundError: ")
    assert 'Error importing plugin "shop.nowhere"' in ran.stderr


def test_a_process_that_is_measured_is_not_forked(root: Path) -> None:
    """Coverage is measured from a process's start, and a fork has none."""
    (root / "measured").write_text("[run]\nparallel = true\n", encoding="utf-8")

    ran = run(root, COVERAGE_PROCESS_START=str(root / "measured"))

    assert "UnusableError: COVERAGE_PROCESS_START is set, and coverage is measured from a" in ran.stderr
    assert ran.returncode == 0


def test_without_a_socket_nothing_is_forked(root: Path) -> None:
    """The log says so, and pytest runs all the same."""
    (root / "shop").mkdir()
    (root / "shop" / "walls.py").write_text(
        "import socket\ndef refuse(*_): raise OSError('no sockets today')\nsocket.socketpair = refuse\n",
        encoding="utf-8",
    )

    ran = run(root, "-p", "shop.walls")

    assert ran.stderr == "ci-tools: workers are started instead of forked: OSError: no sockets today\n"
    assert (ran.returncode, "1 passed" in ran.stdout) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [
        (["-p", "no:hypothesispytest"], {}),
        (["-pno:hypothesispytest"], {}),
        ([], {"PYTEST_ADDOPTS": "-p no:hypothesispytest"}),
        (["-p", "ci_tools.runner.pytest_plugin"], {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}),
    ],
)
def test_a_plugin_that_is_left_out_is_not_imported(root: Path, arguments: list[str], environ: dict[str, str]) -> None:
    """Neither ahead nor later."""
    (root / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (root / "test_it.py").write_text(
        "import sys\ndef test_it(): assert '_hypothesis_pytestplugin' not in sys.modules\n", encoding="utf-8"
    )

    ran = run(root, *arguments, **environ)

    assert (ran.returncode, "instead of forked" in ran.stderr) == (0, False)

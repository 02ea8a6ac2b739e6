"""The script that a campaign starts as pytest: imports what every such pytest imports, once, and forks the rest.

``python ahead.py ARGUMENTS…`` does what ``python -m pytest ARGUMENTS…`` does, with the same output, exit code and
inherited descriptors; its controller and its workers are forks of it (``runner/forking.py``). Where that cannot be, it
becomes ``python -m pytest``, and says so. It is no part of the package while it runs, for pytest rewrites the
assertions of every distribution with a plugin, this one as well, and takes nothing that was imported before.
"""

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path

_PLUGINS = ("anyio", "ci-tools", "hypothesis", "pytest-asyncio", "pytest-xdist")
"""Distributions whose plugins may be imported by a process that forks: they start nothing when they are imported."""
_MODULES = ("xdist.remote", "xdist.dsession", "xdist.workermanage", "execnet.gateway_base", "ci_tools.runner.by_order")
"""What those plugins import once they are configured."""
_MEASURED = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


class UnusableError(Exception):
    """Forking would not do what starting does."""


def main(arguments: Sequence[str]) -> int:
    """Be pytest; in a fork of this process this returns as well, for what an exit brings along must happen there."""
    _find_modules_as_pytest_does()
    try:
        _refuse()
        wanted = _wanted(arguments)
        with _rewriting(wanted):
            _import(wanted)
        _refuse_threads()
        forking = import_module("ci_tools.runner.forking")
        go_on: Callable[[], int] = forking.start(arguments)
    except Exception as error:  # noqa: BLE001 - whatever it is, pytest without forks shows or survives it
        return _become_pytest(arguments, f"{type(error).__name__}: {error}")
    return go_on()


def _find_modules_as_pytest_does() -> None:
    """A script's own folder is no place to import from; ``python -m`` has the current one instead."""
    if sys.path and sys.path[0] == str(Path(__file__).parent):
        sys.path[0] = str(Path.cwd())


def _refuse() -> None:
    """Refuse.

    Raises:
        UnusableError: this system cannot fork as we need it, or somebody watches what a process executes.
    """
    if sys.platform != "linux":
        raise UnusableError(f"on {sys.platform!r} workers cannot be forked; on 'linux' they can")
    for name in _MEASURED:
        if os.environ.get(name):
            raise UnusableError(f"{name} is set, and coverage is measured from a process's start")
    if sys.gettrace() is not None or sys.getprofile() is not None:
        raise UnusableError("this process is traced")


def _refuse_threads() -> None:
    """Refuse.

    Raises:
        UnusableError: a fork would lack the threads of this process, and keep their locks.
    """
    count = len(list(Path("/proc/self/task").iterdir()))
    if count != 1:
        raise UnusableError(f"a plugin has started {count - 1} threads when it was imported")


@contextmanager
def _rewriting(wanted: Sequence[str]) -> Iterator[None]:
    """Import as pytest does: it rewrites the assertions of plugins, and warns of one that was imported without."""
    # Private, for pytest offers no other way to import a plugin before its configuration is read.
    from _pytest.assertion import install_importhook  # noqa: PLC0415
    from _pytest.config import get_config  # noqa: PLC0415

    hook = install_importhook(config := get_config())
    try:
        config._mark_plugins_for_rewrite(hook, disable_autoload=False)  # noqa: SLF001
        hook.mark_rewrite(*filter(_is_module, wanted))
        yield
    finally:
        sys.meta_path.remove(hook)


def _import(wanted: Sequence[str]) -> None:
    """Only what pytest imports before it looks at a suite: a suite may want what comes later from elsewhere."""
    if not os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        for plugin in entry_points(group="pytest11"):
            if plugin.dist is not None and plugin.dist.name in _PLUGINS and f"no:{plugin.name}" not in wanted:
                import_module(plugin.module)
    for module in (*_MODULES, *filter(_is_module, wanted)):
        import_module(module)


def _wanted(arguments: Sequence[str]) -> list[str]:
    """The values of ``-p``."""
    arguments = [*shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), *arguments]
    follows = [after for before, after in pairwise(arguments) if before == "-p"]
    return follows + [word[2:] for word in arguments if word.startswith("-p") and word != "-p"]


def _is_module(name: str) -> bool:
    # Of a name without a dot only pytest knows what it means: one of its own, an entry point, or a module.
    return "." in name and not name.startswith("no:")


def _become_pytest(arguments: Sequence[str], reason: str) -> int:
    sys.stderr.write(f"ci-tools: workers are started instead of forked: {reason}\n")
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])  # noqa: S606  no shell is the point


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

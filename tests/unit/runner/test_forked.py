import shlex
import sys

import execnet

from ci_tools.runner.forked import ForkedWorkers


def test_workers_are_started_through_the_launcher() -> None:
    """What execnet makes of it is a command line whose program stands for this very Python."""
    spec = execnet.XSpec("popen")

    ForkedWorkers("address").pytest_xdist_setupnodes([spec])

    words = shlex.split(str(spec.python))
    assert words[:2] == [sys.executable, "-IS"]
    assert words[2].endswith("/launcher.py")
    assert words[3:] == ["address", sys.executable]


def test_workers_that_a_suite_wants_otherwise_are_left_alone() -> None:
    """Of another Python, elsewhere, or through another process."""
    specs = [execnet.XSpec(text) for text in ("popen//python=/usr/bin/python3", "ssh=host", "popen//via=other")]

    ForkedWorkers("address").pytest_xdist_setupnodes(specs)

    assert [spec.python for spec in specs] == ["/usr/bin/python3", None, None]

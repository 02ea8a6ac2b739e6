"""Ties a process to the life of its parent, also when the parent is killed outright.

Run as a script, without the package (``python -IS lifeline.py SIGNAL PARENT [UID:GID] -- ARGV…``), it
becomes ARGV, which receives SIGNAL when PARENT dies. Elsewhere than on Linux only a parent that has gone before
is noticed.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent_pid: int | None = None, death_signal: int = signal.SIGKILL) -> None:
    """Receive *death_signal* when the parent dies; with *parent_pid*, exit at once when that one is gone already.

    The kernel watches the thread that forked us: the parent must start its children from a thread
    that lives as long as they shall. Lost on a later change of credentials (prctl(2)).
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if parent_pid is not None and os.getppid() != parent_pid:
        os._exit(1)


def _drop_privileges(user: str) -> None:
    uid, _, gid = user.partition(":")
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))


def _become(arguments: list[str]) -> None:
    split = arguments.index("--")
    death_signal, parent_pid, *user = arguments[:split]
    for each in user:
        _drop_privileges(each)
    die_with_parent(int(parent_pid), int(death_signal))
    argv = arguments[split + 1 :]
    os.execv(argv[0], argv)  # noqa: S606  becoming the program without a shell is the point


if __name__ == "__main__":
    _become(sys.argv[1:])

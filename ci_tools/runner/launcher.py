"""Stands in for the Python that pytest-xdist starts for a worker: has it forked, and lives and ends as it does.

Run as a script, without the package (``python -IS launcher.py ADDRESS PYTHON -u -c CODE``). It hands its directory,
environment and standard streams to the process that listens on ADDRESS (``runner/forking.py``), and waits for the
fork's end. Where nobody forks, it becomes PYTHON, and says so.

Private modules are imported because this is paid for each worker: socket and signal bring enum and selectors along.
"""

import _signal  # type: ignore[import-not-found]
import _socket
import os
import sys

FORKED, REFUSED, ENDED = b"F", b"R", b"E"
"""How an answer begins; a refusal goes on with its reason, an end with its exit code."""
STREAMS = 3
LENGTH_BYTES = 8
_LONGEST_ANSWER = 4096
_LOST = 1


def pack(argv: list[bytes], directory: bytes, environ: dict[bytes, bytes]) -> bytes:
    """A request with its length before it. None of its fields can hold a null byte: the kernel took them all."""
    variables = [name + b"=" + value for name, value in environ.items()]
    body = b"\0".join([directory, str(len(argv)).encode(), *argv, *variables])
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def unpack(body: bytes) -> tuple[list[bytes], bytes, dict[bytes, bytes]]:
    """The command line, the directory and the environment that :func:`pack` was given."""
    directory, count, *rest = body.split(b"\0")
    environ = (variable.partition(b"=") for variable in rest[int(count) :])
    return rest[: int(count)], directory, {name: value for name, _, value in environ}


def main(address: str, *argv: str) -> int:
    """Have ``argv`` forked; its exit code."""
    # A terminal's Ctrl-C and a campaign's interrupt reach the fork as well, which is in the same group.
    before = _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    try:
        line = _ask(address, argv)
        answer = line.recv(_LONGEST_ANSWER)
    except OSError as error:
        answer = str(error).encode()
    if answer[:1] != FORKED:
        _signal.signal(_signal.SIGINT, before)
        return _become(argv, answer.removeprefix(REFUSED).decode(errors="replace"))
    return _wait(line, answer[1:])


def _ask(address: str, argv: tuple[str, ...]) -> _socket.socket:
    line = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    line.connect("\0" + address)
    request = pack([os.fsencode(word) for word in argv], os.getcwdb(), dict(os.environb))  # noqa: PTH109  pathlib is dear
    streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(STREAMS))
    sent = line.sendmsg([request], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
    # Not even nothing can be sent to who has refused already.
    if sent < len(request):
        line.sendall(request[sent:])
    return line


def _wait(line: _socket.socket, heard: bytes) -> int:
    # The controller must see its pipes close when the fork ends, not when we do.
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    while part := line.recv(_LONGEST_ANSWER):
        heard += part
    status = int(heard[1:]) if heard[:1] == ENDED else _LOST
    if status < 0:
        if -status != _signal.SIGKILL:
            _signal.signal(-status, _signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    return status


def _become(argv: tuple[str, ...], reason: str) -> int:
    os.write(2, f"ci-tools: a worker is started instead of forked: {reason or 'nobody answers'}\n".encode())
    os.execv(argv[0], argv)  # noqa: S606  becoming the program without a shell is the point


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

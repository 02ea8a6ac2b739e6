import os
import subprocess
import sys

from ci_tools.runner import launcher


def test_a_request_survives_its_way() -> None:
    """Every byte that a command line, a path or a variable may hold arrives; its length stands before it."""
    argv, directory, environ = [b"python", b"-c", b"a\n=\xff"], b"/tmp/\xfe", {b"SHOP": b"a=b\n", b"EMPTY": b""}

    sent = launcher.pack(argv, directory, environ)

    assert int.from_bytes(sent[: launcher.LENGTH_BYTES], "big") == len(sent) - launcher.LENGTH_BYTES
    assert launcher.unpack(sent[launcher.LENGTH_BYTES :]) == (argv, directory, environ)


def test_where_nobody_forks_the_program_is_started() -> None:
    """With the launcher's own process id and streams; the log says so."""
    code = "import os, sys; print(os.getpid(), sys.argv, sys.stdin.read()); sys.exit(5)"
    argv = [sys.executable, "-IS", launcher.__file__, "nobody-listens-here", sys.executable, "-u", "-c", code]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        said, logged = process.communicate("heard")

    assert said == f"{process.pid} ['-c'] heard\n"
    assert logged == "ci-tools: a worker is started instead of forked: [Errno 111] Connection refused\n"
    assert process.returncode == 5


def test_a_launcher_imports_next_to_nothing() -> None:
    """It is paid for each worker."""
    program = "import sys; exec(open(sys.argv[1]).read(), {'__name__': 'launcher'}); print(*sys.modules)"
    bare = [sys.executable, "-IS", "-c", program]

    imported, known = (
        set(subprocess.run([*bare, file], capture_output=True, text=True, check=True).stdout.split())
        for file in (launcher.__file__, os.devnull)
    )

    paths = {"os", "os.path", "posixpath", "genericpath", "stat", "_stat", "_collections_abc"}
    assert imported - known <= {"_socket"} | paths

import os
import subprocess
import sys

from ci_tools.twin.memory import exceeded, used_mib

CONFINED = """
from ci_tools.twin.memory import confine
confine(64)
kept = b"1" * (32 << 20)
try:
    b"1" * (1 << 30)
except MemoryError:
    print("refused after", len(kept) >> 20)
"""


def test_the_memory_of_a_process_is_known() -> None:
    """A running process uses some."""
    assert used_mib(os.getpid()) > 1


def test_nobody_uses_nothing() -> None:
    """A process that does not exist uses no memory."""
    assert used_mib(0) == 0


def test_the_platforms_words() -> None:
    """The line says limit and use in MiB."""
    assert exceeded(192, 195).startswith("Memory limit of 192 MiB exceeded with 195 MiB used.")


def test_a_confined_process_cannot_take_the_machine() -> None:
    """What is far beyond the limit cannot be allocated, whoever watches."""
    child = subprocess.run([sys.executable, "-c", CONFINED], capture_output=True, text=True, check=False, timeout=60)

    assert child.stdout == "refused after 32\n", child.stderr

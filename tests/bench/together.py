"""What the same work costs more where all cores are busy: they share caches and memory, and sometimes a core."""

import subprocess
import sys
from statistics import median

_WORK = """\
import json, sys, time
text = json.dumps([{"name": f"test_{number}", "seconds": number / 7, "words": ["a", "b"] * 9} for number in range(400)])
sys.stdin.read(1)
for _ in range(int(sys.argv[1])):
    json.dumps(json.loads(text), sort_keys=True)
print(time.process_time())
"""
_ROUNDS = 400
"""About a second."""


def inflation(cores: int, rounds: int = _ROUNDS) -> float:
    """CPU seconds of some work on each of *cores* at once, over those of the same work alone."""
    (alone,) = _cpu_s(1, rounds)
    return median(_cpu_s(cores, rounds)) / alone


def _cpu_s(processes: int, rounds: int) -> list[float]:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _WORK, str(rounds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(processes)
    ]
    for one in started:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    return [float(one.communicate()[0]) for one in started]

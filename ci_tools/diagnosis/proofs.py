"""What is told as proof: of what repeats itself the first few, each in its exact words."""

import re
from collections import Counter
from collections.abc import Iterable

from ci_tools.diagnosis.clues import Clue
from ci_tools.diagnosis.incidents import Proof

_FOR_EACH = 3
_IN_ALL = 12
_CHARS = 400
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def told(spoken: Iterable[tuple[str, bool, Clue]]) -> list[Proof]:
    """A proof for each clue, with what it means and whether it discriminates; the strongest come first.

    A gate's forty attempts say one thing, in other figures each time: one of them is told, and of what else means
    the same a few.
    """
    shown: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    proofs: list[Proof] = []
    for says, sure, clue in spoken:
        alike = (says, _NUMBER.sub("0", clue.text))
        if alike in seen or shown[says] >= _FOR_EACH:
            continue
        seen.add(alike)
        shown[says] += 1
        proofs.append(Proof(ref=clue.ref, says=says, text=_short(clue.text), discriminates=sure, at=clue.at))
    return proofs[:_IN_ALL]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _CHARS else f"{line[: _CHARS - 1]}…"

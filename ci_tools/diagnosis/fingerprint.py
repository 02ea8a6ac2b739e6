"""What makes two failures the same: stable over runs, machines and versions of Python, and readable."""

from dataclasses import dataclass
from hashlib import blake2b

from ci_tools.diagnosis.essence import essences
from ci_tools.diagnosis.excerpts import Excerpt, of
from ci_tools.diagnosis.failures import Failure
from ci_tools.diagnosis.naming import Naming
from ci_tools.diagnosis.normaliser import VERSION, masked_route, normalised, readable

_TIMERS_S = (8.0, 20.0, 45.0, 90.0, 150.0)
"""Between these lie the timers of clients: 10 and 15, 30 and 35, 60, 120 seconds."""
_TIMER_NAMES = ("at once", "~10 s", "~30 s", "~60 s", "~120 s", "minutes")
_LONGEST_KEY = 300
_ERRORS_CHARACTERS = 2_000
_FAILED_AT_IMPORT = "in <module>"
_IMPORTING = "while importing"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The identity of a failure."""

    key: str
    """What it is made of, for people; hostile as the text it comes from, and to be redacted."""
    digest: str
    """Of the whole key, as short as names of files are."""


def fingerprint(failure: Failure, naming: Naming, excerpt: Excerpt | None = None) -> Fingerprint:
    """The identity of *failure*: its essential words where it has any, else everything that is stable about it."""
    parts = _essential(failure, failure.message, naming)
    if not parts:
        excerpt = of(failure.excerpt) if excerpt is None else excerpt
        parts = _essential(failure, excerpt.errors[:_ERRORS_CHARACTERS], naming) or _described(failure, excerpt, naming)
    key = " | ".join(part for part in parts if part)
    digest = blake2b(key.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return Fingerprint(key[:_LONGEST_KEY], f"v{VERSION}-{digest}")


def _essential(failure: Failure, text: str, naming: Naming) -> tuple[str, ...]:
    core = next(essences(readable(text)), None) if text else None
    if core is None:
        return ()
    if core.local:
        return core.text, _IMPORTING if core.placed and _FAILED_AT_IMPORT in failure.excerpt else ""
    return core.text, _where_to(failure, text, naming)


def _where_to(failure: Failure, text: str, naming: Naming) -> str:
    """The dependency; if it has no name, its address and the client: two are never taken for one."""
    around = f"{failure.message} {text[:600]}"
    return naming.name(around) or f"{failure.exc_type.lower()} {naming.address(around)}".strip()


def _described(failure: Failure, excerpt: Excerpt, naming: Naming) -> tuple[str, ...]:
    kind = failure.exc_type.rpartition(".")[2].lower()
    said = normalised(failure.message) or normalised(excerpt.errors[:600])
    dependency = naming.name(failure.message)
    if not said or said.endswith(":") or said == kind:
        request = f"{excerpt.status} {masked_route(excerpt.route)}".strip() if not said else ""
        return kind, said, request, dependency, _whereabouts(failure, excerpt), timer(failure.duration_s)
    return "" if kind == "assertionerror" else kind, said, dependency


def _whereabouts(failure: Failure, excerpt: Excerpt) -> str:
    """Where it happened, for want of words: the library that was waited in, else our own code, else the suite."""
    library = excerpt.library
    if library is not None:
        return f"in {library.package}"
    ours = excerpt.innermost_of_ours
    if ours is not None and not failure.message:
        return f"at {ours.place}"
    suite = failure.test.partition("::")[0].replace("\\", "/").rpartition("/")[2]
    return "" if failure.message or not suite else f"of {suite}"


def timer(duration_s: float | None) -> str:
    """Which of the usual timers *duration_s* is near to; empty where it is not known."""
    if duration_s is None:
        return ""
    return _TIMER_NAMES[sum(duration_s >= limit for limit in _TIMERS_S)]

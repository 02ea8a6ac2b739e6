from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ci_tools.diagnosis.failures import Failure
from ci_tools.diagnosis.joint import read_together
from ci_tools.diagnosis.knowledge import Role
from ci_tools.diagnosis.naming import Naming
from ci_tools.diagnosis.reading import Confidence, Reader
from ci_tools.knowledge_file import knowledge

KNOWN = knowledge()
READER = Reader(KNOWN, Naming())
AT = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
DIRTY = Failure(id="dirty", message="Error -3 connecting to 10.1.2.3:6379. Try again.", at=AT)
LATE = Failure(id="late", message="database check degraded, took 5.08 s", at=AT + timedelta(minutes=1))


def causes(*failures: Failure) -> list[str]:
    """What each of *failures* is read as, in the light of the others."""
    return [one.cause.id for one in read_together([READER.read(failure) for failure in failures], KNOWN)]


def test_a_weak_symptom_beside_its_cause_is_a_consequence() -> None:
    """A value with a line end delays the database's check by the resolver's time: one cause, two symptoms."""
    assert causes(LATE) == ["database_slow"]
    assert causes(LATE, DIRTY) == ["downstream", "secret_dirty"]


def test_a_consequence_says_of_what() -> None:
    """The cause and the failure that shows it are named."""
    late, _ = read_together([READER.read(LATE), READER.read(DIRTY)], KNOWN)

    assert late.cause.role is Role.CONSEQUENCE
    assert late.why.startswith("secret_dirty, read from dirty, makes this look like database_slow")


def test_a_symptom_with_a_sign_of_its_own_stays_its_own() -> None:
    """Over-grouping is the worse error."""
    own = replace(LATE, message="canceling statement due to statement timeout")

    assert causes(own, DIRTY) == ["database_slow", "secret_dirty"]


def test_a_symptom_at_another_time_stays_its_own() -> None:
    """What happened an hour later is another matter."""
    assert causes(replace(LATE, at=AT + timedelta(hours=1)), DIRTY) == ["database_slow", "secret_dirty"]


def test_in_one_run_a_symptom_without_a_time_is_of_that_run() -> None:
    """A file of one run holds what happened together."""
    assert causes(replace(LATE, at=None), DIRTY) == ["downstream", "secret_dirty"]
    assert causes(LATE, replace(DIRTY, at=None)) == ["downstream", "secret_dirty"]


def test_in_a_file_of_many_days_a_symptom_without_a_time_stays_its_own() -> None:
    """Failures that are days apart are of several runs."""
    other = Failure(id="other", message="something", at=AT + timedelta(days=3))

    assert causes(replace(LATE, at=None), DIRTY, other)[0] == "database_slow"
    assert causes(LATE, replace(DIRTY, at=None), other)[0] == "database_slow"


def test_a_cause_that_does_not_look_like_this_makes_no_consequence() -> None:
    """A broken test is no outage."""
    broken = Failure(id="broken", message="fixture 'signed_in' not found", at=AT)

    assert causes(LATE, broken) == ["database_slow", "test_code"]


def test_of_two_equal_causes_the_confirmed_one_is_named() -> None:
    """What one line leaves open another one settles."""
    both = Failure(id="both", message="Signature has expired; Signature verification failed", at=AT)
    mismatch = Failure(id="mismatch", message="InvalidSignatureError: Signature verification failed", at=AT)

    assert causes(both) == ["jwt_expired"]
    assert causes(both, mismatch) == ["jwt_secret_mismatch", "jwt_secret_mismatch"]


def test_a_failure_with_the_same_fingerprint_lends_its_words() -> None:
    """A line that was cut is what its whole like is."""
    cut = Failure(
        id="cut", exc_type="ValueError", message="it is broken in an odd way that nobody has ever seen before now: and"
    )
    whole = replace(cut, id="whole", message=f"{cut.message} QueuePool limit of size 5 overflow 10 reached")
    readings = [READER.read(cut), replace(READER.read(whole), fingerprint=READER.read(cut).fingerprint)]

    told = read_together(readings, KNOWN)

    assert [one.cause.id for one in told] == ["pool_exhausted", "pool_exhausted"]
    assert told[0].confidence is Confidence.MEDIUM
    assert told[0].why.startswith("the same as whole: ")


def test_a_shared_timer_is_said() -> None:
    """Three failures that end at the same round second are a client's patience, no contention."""
    failures = [Failure(id=name, message="something", duration_s=30.01) for name in "abc"]
    told = read_together([READER.read(failure) for failure in failures], KNOWN)

    assert [one.why.rpartition("; ")[2] for one in told] == ["3 failures end at 30 s: a timer, no contention"] * 3


def test_durations_with_a_tail_are_no_timer() -> None:
    """Contention has a tail."""
    failures = [Failure(id=str(seconds), message="something", duration_s=seconds) for seconds in (22.0, 30.0, 41.0)]
    told = read_together([READER.read(failure) for failure in failures], KNOWN)

    assert ["timer" in one.why for one in told] == [False] * 3


def test_nothing_together_is_nothing() -> None:
    """An empty run has no readings."""
    assert causes() == []

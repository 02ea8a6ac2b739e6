import os
import signal

import pytest

from ci_tools.process.stopping import StopRequestedError, signals_stop, signals_wait

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_stops_once(number: signal.Signals) -> None:
    """While things are being ended further ones are not heard; afterwards all is as before."""
    before = [signal.getsignal(one) for one in STOPPING]

    with signals_stop():
        with pytest.raises(StopRequestedError, match=f"{number.name} was received"):
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)

    assert [signal.getsignal(one) for one in STOPPING] == before


def test_what_was_ignored_stays_ignored() -> None:
    """Under nohup a terminal that closes is no reason to stop."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_stop():
            os.kill(os.getpid(), signal.SIGHUP)
            within = signal.getsignal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert within is signal.SIG_IGN


def test_the_last_ones_stay_unheard() -> None:
    """What has come to its end ends as it would have."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    try:
        with signals_stop(last=True):
            pass
        after = [signal.getsignal(number) for number in STOPPING]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert after == [signal.SIG_IGN] * len(STOPPING)


@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_that_waits_stops_afterwards(number: signal.Signals) -> None:
    """Nothing is raised meanwhile, and nothing is lost."""
    done = []

    def load() -> None:
        with signals_wait():
            # At this thread: a process that is only being loaded has no other.
            signal.raise_signal(number)
            done.append("all of it")

    with signals_stop(), pytest.raises(StopRequestedError, match=f"{number.name} was received"):
        load()

    assert done == ["all of it"]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()).isdisjoint(STOPPING)


def test_one_may_stand_in_another() -> None:
    """What the inner one has heard is over with it: the outer one hears the next."""
    with signals_stop():
        with pytest.raises(StopRequestedError), signals_stop():
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopRequestedError):
            os.kill(os.getpid(), signal.SIGTERM)

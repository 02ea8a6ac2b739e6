import os
import signal

import pytest

from ci_tools.stopping import StopRequestedError, signals_stop

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
    finally:
        signal.signal(signal.SIGHUP, before)


def test_one_may_stand_in_another() -> None:
    """What the inner one has heard is over with it: the outer one hears the next."""
    with signals_stop():
        with pytest.raises(StopRequestedError), signals_stop():
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopRequestedError):
            os.kill(os.getpid(), signal.SIGTERM)

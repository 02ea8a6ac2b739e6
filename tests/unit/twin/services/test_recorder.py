import logging

import pytest

from ci_tools.twin.services.recorder import Recorder, secrets_of
from ci_tools.twin.settings import PlatformEvent

PASSWORD = "pa55word-of-nobody"


@pytest.fixture
def recorder() -> Recorder:
    """A recorder that knows a secret."""
    return Recorder([PASSWORD])


def test_only_secret_variables_are_secrets() -> None:
    """Values of hosts and ports may be told, and what is too short to be a secret."""
    env = {"REDIS_PASSWORD": PASSWORD, "REDIS_HOST": "10.0.0.1", "SECRET_KEY": "abc", "FERNET_KEY": f"{PASSWORD}-2"}

    assert secrets_of(env) == [f"{PASSWORD}-2", PASSWORD]


def test_what_is_logged_is_kept_with_its_exception(recorder: Recorder) -> None:
    """A warning or worse is kept, with type and text of what was raised."""
    error = ConnectionRefusedError(111, "Connection refused")
    raised = (type(error), error, None)
    recorder.handle(logging.LogRecord("redis", logging.ERROR, "", 1, "check of %s failed", ("redis",), raised))

    assert [(kept["message"], kept["exception"]) for kept in recorder.newest_first] == [
        ("check of redis failed", "ConnectionRefusedError: [Errno 111] Connection refused")
    ]


def test_what_is_no_warning_is_not_kept(recorder: Recorder) -> None:
    """Loggers hand over warnings and worse only."""
    assert recorder.level == logging.WARNING


def test_secrets_are_masked(recorder: Recorder) -> None:
    """No text that is kept has a secret in it."""
    recorder.add(source="answer", message=f"auth with {PASSWORD} failed", error=PASSWORD, status=503)
    kept = recorder.newest_first[0]

    assert (kept["message"], kept["error"], kept["status"]) == ("auth with [redacted] failed", "[redacted]", 503)


def test_the_newest_come_first_after_what_the_platform_said() -> None:
    """A new instance begins with what the platform logged of the one before."""
    recorder = Recorder(before=[PlatformEvent(at="2025-09-16T00:00:00Z", text="Memory limit exceeded")])
    recorder.add(source="log", message="started")

    assert [kept["message"] for kept in recorder.newest_first] == ["started", "Memory limit exceeded"]
    assert recorder.newest_first[1]["timestamp"] == "2025-09-16T00:00:00Z"

import pytest

from tests.unit.diagnosis.clinic import clue


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("GET https://api.example:8443/health", "api.example:8443"),
        ("WebSocket wss://api.example/ws: {}", "api.example"),
        ("TLS https://api.example, wss://api.example/ws", "api.example"),
        ("TLS https://api.example, https://app.example", ""),
        ("a probe of kind checks", ""),
        ("", ""),
    ],
)
def test_a_clue_knows_which_service_was_asked(source: str, asked: str) -> None:
    """However it was; of several none."""
    assert clue("cache", source=source).asked == asked


@pytest.mark.parametrize(
    ("code", "text", "error", "absence"),
    [
        ("503", "503 instead of 200: <html>unavailable</html>", True, True),
        ("520", "", True, True),
        ("503", '503 instead of 200: {"status": "starting"}', True, False),
        ("404", "", False, False),
        ("5000", "", False, False),
        ("", "", False, False),
    ],
)
def test_an_error_of_the_platform_is_told_from_the_services_own(
    code: str, text: str, *, error: bool, absence: bool
) -> None:
    """A service that is there says so in a document."""
    seen = clue("cache", text, code=code)

    assert (seen.is_error, seen.is_absence) == (error, absence)


def test_a_clue_knows_its_probe() -> None:
    """By its name."""
    assert clue("cache", ref="redis#12").asker == "redis"

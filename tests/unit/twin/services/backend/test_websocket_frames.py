import json

import pytest

from ci_tools.twin.services.backend.websocket_frames import RefusedFrameError, dumped, frame, parsed


@pytest.mark.parametrize(
    "body",
    [
        {"type": "chat", "content": "hello"},
        {"type": "chat", "data": {"content": "hello"}},
        {"type": "chat", "payload": {"content": "hello"}},
    ],
)
def test_a_messages_fields_stand_inside_or_beside_its_type(body: dict[str, object]) -> None:
    """The three forms in use are understood alike."""
    message = parsed(json.dumps(body))

    assert (message.type, message.text("content")) == ("chat", "hello")


def test_the_clients_correlation_id_is_kept() -> None:
    """Without one, or with one that is no text, the message gets its own."""
    assert parsed('{"type": "ping", "correlation_id": "c-1"}').correlation_id == "c-1"
    assert parsed('{"type": "ping", "message_id": "m-1"}').correlation_id == "m-1"
    assert len(parsed('{"type": "ping", "correlation_id": 7}').correlation_id) == 32


def test_a_text_field_is_trimmed_and_never_empty() -> None:
    """The first of the names that says something counts."""
    message = parsed('{"type": "chat", "content": "  ", "message": " hi "}')

    assert message.text("content", "message") == "hi"
    assert message.text("thread_id") is None


@pytest.mark.parametrize("body", ["{bad", "", "[" * 100_000, '{"type": "a"'])
def test_what_is_not_json_is_a_parse_error(body: str) -> None:
    """The code tells the client what was wrong."""
    with pytest.raises(RefusedFrameError) as caught:
        parsed(body)

    assert caught.value.code == "JSON_PARSE_ERROR"


@pytest.mark.parametrize("body", ["[1]", '"text"', "null", "{}", '{"type": 7}', '{"type": ""}'])
def test_json_without_a_type_is_an_invalid_message(body: str) -> None:
    """It was JSON, but no message."""
    with pytest.raises(RefusedFrameError) as caught:
        parsed(body)

    assert caught.value.code == "INVALID_MESSAGE"


def test_a_frame_has_the_contracts_five_fields() -> None:
    """Type, data, timestamp, server and correlation, in this order."""
    made = json.loads(dumped(frame("pong", {"n": 1}, server_id="backend-1", correlation_id="c-1")))

    assert list(made) == ["type", "data", "timestamp", "server_id", "correlation_id"]
    assert (made["type"], made["data"], made["server_id"], made["correlation_id"]) == (
        "pong",
        {"n": 1},
        "backend-1",
        "c-1",
    )

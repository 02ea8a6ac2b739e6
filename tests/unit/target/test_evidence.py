import json

from ci_tools.target.evidence import MAX_ENTRIES, MAX_TEXT, Evidence, Exchange, FrameSeen

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyLTEifQ.c2lnbmF0dXJl"


def _exchange(**overrides: object) -> Exchange:
    values: dict[str, object] = {
        "request_id": "r-1",
        "method": "GET",
        "url": "https://one.test/health",
        "status": 503,
        "elapsed_s": 0.01,
    }
    return Exchange(**{**values, **overrides})  # type: ignore[arg-type]


def _frame(text: str) -> FrameSeen:
    return FrameSeen(
        connection="websocket 1", direction="received", type="ack", t_s=0.1, size_bytes=len(text), text=text
    )


def test_evidence_is_json() -> None:
    """What was recorded comes out as JSON, in order, with the totals."""
    evidence = Evidence()
    evidence.exchanged(_exchange())
    evidence.saw(_frame('{"type":"ack"}'))
    evidence.note("run 17 took 0.2 s")

    told = json.loads(json.dumps(evidence.as_dict()))

    assert told["exchanges"][0]["status"] == 503
    assert told["frames"][0]["text"] == '{"type":"ack"}'
    assert told["notes"] == ["run 17 took 0.2 s"]
    assert told["seen"] == {"exchanges": 1, "frames": 1}


def test_oldest_entries_give_way() -> None:
    """More entries than the bound drop the oldest; the total still counts them."""
    evidence = Evidence()
    for number in range(MAX_ENTRIES + 5):
        evidence.exchanged(_exchange(request_id=f"r-{number}"))

    told = evidence.as_dict()

    assert len(told["exchanges"]) == MAX_ENTRIES
    assert told["exchanges"][0]["request_id"] == "r-5"
    assert told["seen"]["exchanges"] == MAX_ENTRIES + 5


def test_text_is_shortened() -> None:
    """No text is longer than the bound."""
    evidence = Evidence()
    evidence.saw(_frame("x" * 100_000))

    assert len(evidence.as_dict()["frames"][0]["text"]) == MAX_TEXT


def test_tokens_never_appear() -> None:
    """Neither what looks like a token nor a known secret is told, wherever it was recorded."""
    evidence = Evidence(["the-simulation-key"])
    evidence.exchanged(_exchange(text=f"Bearer {JWT}"))
    evidence.saw(_frame(f'{{"token":"{JWT}"}}'))
    evidence.note("key the-simulation-key")

    told = json.dumps(evidence.as_dict())

    assert JWT not in told
    assert "the-simulation-key" not in told
    assert told.count("[redacted]") == 3


def test_token_across_the_bound_is_masked_whole() -> None:
    """A token that the shortening would cut in half is masked before."""
    evidence = Evidence()
    evidence.note("x" * (MAX_TEXT - 20) + " " + JWT)

    assert "eyJ" not in evidence.as_dict()["notes"][0]

from collections.abc import AsyncIterator

import httpx
import pytest

from ci_tools.twin.llm import LanguageModel, complete

PROMPT = (
    "The invoice of March is too high. Yesterday it rained. The invoice counts the March tokens twice, "
    "so the invoice is wrong. Birds sing."
)


@pytest.fixture
async def model() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a running language model."""
    server = LanguageModel()
    await server.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
        yield client
    await server.stop()


def test_the_answer_is_extracted_from_the_prompt() -> None:
    """The sentences that carry the prompt's own words are kept in order, others are not."""
    text = str(complete(PROMPT, "triage")["text"])

    assert text.startswith("[triage] The invoice of March is too high. The invoice counts the March tokens twice")
    assert "Key points: invoice, march" in text
    assert "Birds" not in text


def test_the_same_prompt_gets_the_same_answer() -> None:
    """Nothing is random."""
    assert complete(PROMPT, "data") == complete(PROMPT, "data")


def test_different_prompts_get_different_answers() -> None:
    """The answer depends on the prompt, unlike a mock's."""
    assert complete("Cut the costs of GPU nodes.", "x") != complete("Find a supplier of steel.", "x")


def test_an_empty_prompt_has_an_empty_answer() -> None:
    """Nothing in, nothing out."""
    assert complete("", "") == {"text": "", "tokens": 0}


async def test_a_completion_is_served(model: httpx.AsyncClient) -> None:
    """The HTTP answer is the completion of its prompt."""
    answer = await model.post("/v1/complete", json={"prompt": PROMPT, "task": "triage"})

    assert answer.status_code == 200
    assert answer.json() == complete(PROMPT, "triage")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v2", b"{}", 404),
        ("GET", "/v1/complete", b"", 405),
        ("POST", "/v1/complete", b"{", 400),
        ("POST", "/v1/complete", b"[]", 422),
        ("POST", "/v1/complete", b'{"prompt": 1}', 422),
    ],
)
async def test_a_wrong_request_is_refused(
    model: httpx.AsyncClient, method: str, path: str, body: bytes, status: int
) -> None:
    """Wrong path, method, syntax and shape each have their own status."""
    answer = await model.request(method, path, content=body)

    assert answer.status_code == status
    assert "error" in answer.json()

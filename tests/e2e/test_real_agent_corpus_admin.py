"""The corpus agent stores and finds the documents of its user: to the letter, once, and for nobody else."""

import asyncio
from uuid import uuid4

import pytest

from ci_tools.target.answers import accepted, envelope, rows
from ci_tools.target.fixtures import NewUser, OpenSocket
from tests.e2e.agent_work import chatted, in_order_of, refusal, result_of, tool_calls
from tests.e2e.runs import executed

pytestmark = pytest.mark.requires("agents")

AGENT = "corpus_admin"


@pytest.mark.requires("websocket")
async def test_stored_document_is_read_again_to_the_letter(new_user: NewUser, websocket: OpenSocket) -> None:
    """A document given in a request is stored under its title, and its content is what was sent."""
    author = await new_user("read", "write")
    content = "Zwölf Boxkämpfer — 12 %.\nSecond line: <b>kept</b> as it is; 終わり"

    events = await chatted(websocket, author, AGENT, f"Store a document titled Boxing rules: {content}")

    (listed,) = rows(await author.backend.get("/api/corpus"))
    read = accepted(await author.backend.get(f"/api/corpus/{listed['id']}/content"))
    (creation,) = tool_calls(events)
    assert "Boxing rules" in result_of(events, AGENT)["response"]
    assert creation.parameters == {"title": "Boxing rules", "content": content}
    assert (read["title"], read["content"]) == ("Boxing rules", content)


async def test_search_finds_what_was_asked_for(new_user: NewUser) -> None:
    """Of three documents those that speak of it are found, the one that speaks most of it first."""
    author = await new_user("read", "write")
    documents = {
        "Harvest": "Apples are picked in autumn. Apples keep until spring, apples in straw longer.",
        "Kitchen": "A cake needs flour, butter and a handful of apples.",
        "Garage": "The car needs oil and new tyres.",
    }
    for title, content in documents.items():
        accepted(await author.backend.post("/api/corpus", json={"title": title, "content": content}))

    found = await executed(author, AGENT, "Search the documents about apples")
    missing = await executed(author, AGENT, "Search the documents about bananas")

    assert in_order_of(found["response"], documents) == ["Harvest", "Kitchen"]
    assert missing["status"] == "success"
    assert in_order_of(missing["response"], documents) == []


async def test_documents_are_found_by_their_owner_only(new_user: NewUser) -> None:
    """Two users who store and then search the same words at once each find their own document and not the other's."""
    first, second = await asyncio.gather(new_user("read", "write"), new_user("read", "write"))
    await asyncio.gather(
        executed(first, AGENT, "Store a document titled Plan of the first: our merger is secret"),
        executed(second, AGENT, "Store a document titled Plan of the second: our merger is secret"),
    )

    mine, theirs = await asyncio.gather(
        executed(first, AGENT, "Find documents about the secret merger"),
        executed(second, AGENT, "Find documents about the secret merger"),
    )

    titles = ["Plan of the first", "Plan of the second"]
    assert in_order_of(mine["response"], titles) == ["Plan of the first"]
    assert in_order_of(theirs["response"], titles) == ["Plan of the second"]
    (own,) = rows(await first.backend.get("/api/corpus"))
    stranger = await second.backend.get(f"/api/corpus/{own['id']}/content")
    assert stranger.status == 404
    assert "merger" not in str(envelope(stranger))


async def test_reader_cannot_store(new_user: NewUser) -> None:
    """Who may only read is refused with the missing permission and nothing is stored; searching still works."""
    reader = await new_user("read")

    refused = await executed(reader, AGENT, "Store a document titled Forbidden: fruit")
    search = await executed(reader, AGENT, "Find documents about fruit")

    assert "write" in refusal(refused)
    assert search["status"] == "success"
    assert rows(await reader.backend.get("/api/corpus")) == []


async def test_repeated_request_stores_once(new_user: NewUser) -> None:
    """A request to store that is sent twice with one id is one run and one document; another id is another."""
    author = await new_user("read", "write")
    ask = {"message": "Store a document titled Minutes: we met", "request_id": f"e2e-{uuid4().hex}"}

    first = await executed(author, AGENT, **ask)
    again = await executed(author, AGENT, **ask)
    listed = rows(await author.backend.get("/api/corpus"))
    ask["request_id"] = f"e2e-{uuid4().hex}"
    other = await executed(author, AGENT, **ask)

    assert first["run_id"] == again["run_id"] != other["run_id"]
    assert [document["title"] for document in listed] == ["Minutes"]
    assert len(rows(await author.backend.get("/api/corpus"))) == 2

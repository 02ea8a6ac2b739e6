from typing import Any

import httpx
import pytest

from tests.contract.checks import check_answered, check_listed, check_refused
from tests.contract.client import Deployed, User
from tests.contract.schemas import NAME, body

DOCUMENT = body(id=NAME, title=NAME)
UNKNOWN = "/api/corpus/doc_00000000000000000000000000000000"
CONTENT = "Cooling takes a third of the energy of the data hall in Oslo."


async def create(api: httpx.AsyncClient, user: User, title: str = "Energy", content: str = CONTENT) -> dict[str, Any]:
    """A new document of *user*."""
    answer = await api.post("/api/corpus", headers=user.bearer, json={"title": title, "content": content})
    created: dict[str, Any] = check_answered(answer, DOCUMENT, 201)
    return created


async def found(api: httpx.AsyncClient, user: User, query: str) -> list[str]:
    """The ids of the documents that a search finds, best first."""
    answer = await api.post("/api/corpus/search", headers=user.bearer, json={"query": query})
    return [document["id"] for document in check_listed(answer, DOCUMENT)]


async def test_document_is_persisted(api: httpx.AsyncClient, deployed: Deployed, user: User) -> None:
    """A second client reads title and content of a created document."""
    document = await create(api, user)
    async with deployed.http("api") as elsewhere:
        stored = await elsewhere.get(f"/api/corpus/{document['id']}", headers=user.bearer)
        content = await elsewhere.get(f"/api/corpus/{document['id']}/content", headers=user.bearer)

    assert check_answered(stored, DOCUMENT)["title"] == "Energy"
    assert check_answered(content, body(content=NAME))["content"] == CONTENT


async def test_documents_are_listed(api: httpx.AsyncClient, user: User) -> None:
    """The list has exactly the user's documents."""
    created = [await create(api, user, title) for title in ("first", "second")]
    documents = check_listed(await api.get("/api/corpus", headers=user.bearer), DOCUMENT)

    assert {document["id"] for document in documents} == {document["id"] for document in created}


async def test_search_finds_what_matches(api: httpx.AsyncClient, user: User) -> None:
    """A search finds the documents that have the words, and no other."""
    cooling = await create(api, user)
    await create(api, user, "Payroll", "Salaries are paid on the last working day.")

    assert await found(api, user, "cooling energy") == [cooling["id"]]
    assert await found(api, user, "zeppelin") == []


async def test_search_ranks(api: httpx.AsyncClient, user: User) -> None:
    """The document that speaks more of the words comes first, whichever was created first."""
    weak = await create(api, user, "Notes", "One remark on turbines among many others that have nothing to do with it.")
    strong = await create(api, user, "Turbines", "Turbines drive turbines; turbines need turbines.")

    assert await found(api, user, "turbines") == [strong["id"], weak["id"]]


async def test_search_stays_with_its_user(api: httpx.AsyncClient, user: User, stranger: User) -> None:
    """A search finds nobody else's documents."""
    await create(api, user)

    assert await found(api, stranger, "cooling energy") == []


@pytest.mark.parametrize("query", ["'; DROP TABLE documents; --", "a & | ! (", "%", "\\", '"', "<b>"])
async def test_search_takes_any_text(api: httpx.AsyncClient, user: User, query: str) -> None:
    """Text that means something to a database is looked for, not obeyed."""
    document = await create(api, user)

    assert await found(api, user, query) in ([], [document["id"]])
    assert await found(api, user, "cooling") == [document["id"]]


@pytest.mark.parametrize("path", ["", "/content"])
async def test_another_users_document_does_not_exist(
    api: httpx.AsyncClient, user: User, stranger: User, path: str
) -> None:
    """A stranger's document is 404, as an unknown one."""
    document = await create(api, user)

    check_refused(await api.get(f"/api/corpus/{document['id']}{path}", headers=stranger.bearer), 404)
    check_refused(await api.get(f"{UNKNOWN}{path}", headers=user.bearer), 404)


async def test_lists_show_own_documents_only(api: httpx.AsyncClient, user: User, stranger: User) -> None:
    """A user's documents are in nobody else's list."""
    await create(api, user)
    documents = check_listed(await api.get("/api/corpus", headers=stranger.bearer), DOCUMENT)

    assert documents == []


@pytest.mark.parametrize("change", [{}, {"title": "x"}, {"title": "x", "content": 7}, {"title": "x", "content": ""}])
async def test_document_needs_content(api: httpx.AsyncClient, user: User, change: object) -> None:
    """A document without content is 422."""
    answer = await api.post("/api/corpus", headers=user.bearer, json=change)

    check_refused(answer, 422)


@pytest.mark.parametrize("change", [{}, {"query": ""}, {"query": "x", "limit": 101}, {"query": "x", "offset": -1}])
async def test_search_needs_a_query(api: httpx.AsyncClient, user: User, change: object) -> None:
    """A search without words, or for more than 100 results, is 422."""
    answer = await api.post("/api/corpus/search", headers=user.bearer, json=change)

    check_refused(answer, 422)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/corpus"), ("POST", "/api/corpus"), ("POST", "/api/corpus/search"), ("GET", UNKNOWN)],
)
async def test_corpus_needs_a_bearer(api: httpx.AsyncClient, method: str, path: str) -> None:
    """Nothing of the corpus is told without a bearer."""
    answer = await api.request(method, path)

    check_refused(answer, 401)

"""The golden path end to end: eight customers, each on a way of their own from the door to an answer that stays."""

import secrets

import pytest

from ci_tools.target.answers import accepted, mocked, rows
from ci_tools.target.fixtures import Eventually, NewUser, OpenSocket, User
from ci_tools.target.websocket import Frame, TokenIn
from tests.e2e.connections import answered, welcomed
from tests.e2e.customers import Customers, sign_out, texts, token_of
from tests.e2e.questions import costs, tells
from tests.e2e.run_events import GOLDEN_PATH, kinds, result_of
from tests.e2e.runs import ended, started, watched
from tests.e2e.threads import conversation, thread_id, thread_of

CONVERSATION = pytest.mark.requires("websocket", "agents")
DIALOGUE = ["user", "assistant", "user", "assistant"]


def check_golden(events: tuple[Frame, ...], user: User, agent: str) -> str:
    """The result of a run of *agent* for *user*; fails unless its five events came in their order."""
    assert kinds(events) == GOLDEN_PATH
    assert {(event.run_id, event.document["user_id"]) for event in events} == {(events[0].run_id, user.user_id)}
    assert (events[0].agent_name, events[-1].agent_name) == (agent, agent)
    return result_of(events)


@CONVERSATION
async def test_new_customer_from_sign_up_to_logout(
    customers: Customers, websocket: OpenSocket, eventually: Eventually
) -> None:
    """A new customer signs up, asks the supervisor, comes back to an agent that knows the answer, and logs out."""
    user = await customers.sign_up(customers.new_account())
    async with thread_of(user, "first question") as thread:
        here = {"thread_id": thread_id(thread)}
        async with welcomed(websocket, user) as socket:
            first = await answered(socket, user, costs(500), **here)
        dialogue = await conversation(eventually, user, thread, 2)
        async with welcomed(websocket, user) as socket:
            second = await answered(socket, user, "What was the average again?", **here)
        history = await conversation(eventually, user, thread, 4)
    left = await sign_out(user)
    afterwards = await user.backend.get("/api/threads")

    assert tells(check_golden(first, user, "supervisor"), 1500)
    assert dialogue[0] == ("user", costs(500))
    assert check_golden(second, user, "supervisor")
    assert tells(" ".join(text for event in second for text in texts(event.data)), 1500)
    assert (history[:2], [role for role, _ in history]) == (dialogue, DIALOGUE)
    assert (left, afterwards.status) == (200, 401)


@CONVERSATION
async def test_browser_customer_chats_on_after_a_reload(
    user: User, websocket: OpenSocket, eventually: Eventually
) -> None:
    """A browser chats with the data agent, reloads, finds its conversation page by page, and chats on."""
    async with thread_of(user, "chat") as thread:
        here = {"thread_id": thread_id(thread), "agent": "data"}
        async with welcomed(websocket, user, token_in=TokenIn.SUBPROTOCOL) as socket:
            first = await answered(socket, user, costs(500), kind="chat", **here)
        await conversation(eventually, user, thread, 2)
        pages = [rows(await user.backend.get(f"{thread}/messages", params={"limit": 1, "offset": at})) for at in (0, 1)]
        async with welcomed(websocket, user, token_in=TokenIn.SUBPROTOCOL) as socket:
            second = await answered(socket, user, costs(700), kind="chat", **here)
        history = await conversation(eventually, user, thread, 4)

    assert tells(check_golden(first, user, "data"), 1500)
    assert tells(check_golden(second, user, "data"), 2100)
    assert [(message["role"], message["content"]) for page in pages for message in page] == history[:2]
    assert [role for role, _ in history] == DIALOGUE
    assert (history[0][1], history[2][1]) == (costs(500), costs(700))
    assert (tells(history[1][1], 1500), tells(history[3][1], 2100)) == (True, True)


@pytest.mark.requires("agents")
async def test_programmer_gets_along_without_a_websocket(customers: Customers, eventually: Eventually) -> None:
    """A program signs in, starts a run, follows it to its result, reads the thread, and shows up in the list."""
    account = customers.new_account()
    await customers.sign_up(account)
    user = await customers.sign_in(account)
    timeouts = user.backend.environment.timeouts
    async with thread_of(user, "nightly job", source="cron") as thread:
        run = await started(user, costs(500), agent_type="data", thread_id=thread_id(thread))
        state = await eventually(ended(user, run["run_id"]), within_s=timeouts.general_s, what="the run ends")
        history = await conversation(eventually, user, thread, 2)
        listed = rows(await user.backend.get("/api/threads"))
    left = await sign_out(user)
    afterwards = await user.backend.get(f"/api/agent/{run['run_id']}/state")

    assert (run["user_id"], state["user_id"], state["status"]) == (user.user_id, user.user_id, "completed")
    assert tells(state["result"], 1500)
    assert history[0] == ("user", costs(500))
    assert history[1][1] in texts(state["result"])
    assert [(each["title"], each["metadata"], each["message_count"]) for each in listed] == [
        ("nightly job", {"source": "cron"}, 2)
    ]
    assert (left, afterwards.status) == (200, 401)


@pytest.mark.requires("agents")
async def test_streaming_customer_keeps_what_was_streamed(user: User) -> None:
    """A customer watches an answer stream in, finds the same run by its id, and keeps the answer in a thread."""
    events = await watched(user, "data", costs(500))
    completed = next(event for event in events if event.name == "agent_completed")
    run = accepted(await user.backend.get(f"/api/agent/{completed.data['run_id']}/state"))
    answer = next(text for text in texts(completed.data["data"]["result"]) if tells(text, 1500))
    async with thread_of(user, "kept") as thread:
        kept = accepted(await user.backend.post(f"{thread}/messages", json={"message": answer}))
        found = rows(await user.backend.get(f"{thread}/messages"))

    assert list(dict.fromkeys(event.name for event in events)) == [*GOLDEN_PATH, "stream_end"]
    assert {event.data["run_id"] for event in events} == {run["run_id"]}
    assert (run["status"], run["user_id"]) == ("completed", user.user_id)
    assert run["result"] == completed.data["data"]["result"]
    assert [(message["id"], message["content"]) for message in found] == [(kept["id"], answer)]


@CONVERSATION
async def test_buyer_goes_from_research_to_plan(user: User, websocket: OpenSocket, eventually: Eventually) -> None:
    """A buyer has suppliers researched and then steps planned, by two agents in one thread that keeps both answers."""
    research = "Find the cheapest supplier of GPU compute in Europe for a budget of 5000 USD"
    plan = "Compare the offers, then schedule a trial and report the result"
    async with thread_of(user, "purchase") as thread, welcomed(websocket, user) as socket:
        here = {"thread_id": thread_id(thread)}
        suppliers = await answered(socket, user, research, kind="start_agent", agent="supply_researcher", **here)
        steps = await answered(socket, user, plan, kind="start_agent", agent="actions", **here)
        history = await conversation(eventually, user, thread, 4)

    assert check_golden(suppliers, user, "supply_researcher") != check_golden(steps, user, "actions")
    assert suppliers[0].run_id != steps[0].run_id
    assert [role for role, _ in history] == DIALOGUE
    assert (history[0][1], history[2][1]) == (research, plan)
    assert history[1][1] in texts(suppliers[-1].data["result"])
    assert history[3][1] in texts(steps[-1].data["result"])
    assert "trial" in history[3][1].lower()


@CONVERSATION
async def test_librarian_stores_and_finds_a_document(new_user: NewUser, websocket: OpenSocket) -> None:
    """A librarian has an agent store a document, reads it over HTTP, and has it found again over a new connection."""
    librarian = await new_user("read", "write")
    word = f"okapi{secrets.token_hex(6)}"
    store = f"Please store a document titled Handbook of {word}: Reserved capacity of {word} costs 42 USD a month."
    find = f"Search the corpus for documents about {word}"
    async with welcomed(websocket, librarian) as socket:
        stored = await answered(socket, librarian, store, kind="agent_request", agent="corpus_admin")
    found = rows(await librarian.backend.post("/api/corpus/search", json={"query": word}))
    content = [accepted(await librarian.backend.get(f"/api/corpus/{each['id']}/content"))["content"] for each in found]
    async with welcomed(websocket, librarian) as socket:
        searched = await answered(socket, librarian, find, kind="agent_request", agent="corpus_admin")

    assert word in check_golden(stored, librarian, "corpus_admin")
    assert [f"Handbook of {word}" in each["title"] for each in found] == [True]
    assert content == [f"Reserved capacity of {word} costs 42 USD a month."]
    assert f"Handbook of {word}" in check_golden(searched, librarian, "corpus_admin")


@CONVERSATION
async def test_customer_moves_from_device_to_device(
    customers: Customers, websocket: OpenSocket, eventually: Eventually
) -> None:
    """A conversation begun on one device is continued on another, which stays signed in when the first one leaves."""
    account = customers.new_account()
    desktop = await customers.sign_up(account)
    phone = await customers.sign_in(account)
    async with thread_of(phone, "on the move") as thread, welcomed(websocket, phone) as on_phone:
        here = {"thread_id": thread_id(thread), "agent": "data"}
        async with welcomed(websocket, desktop) as on_desktop:
            first = await answered(on_desktop, desktop, costs(500), kind="agent_request", **here)
        seen = await conversation(eventually, phone, thread, 2)
        left = await sign_out(desktop)
        closed = await desktop.backend.get(thread)
        second = await answered(on_phone, phone, costs(700), kind="agent_request", **here)
        history = await conversation(eventually, phone, thread, 4)

    assert desktop.user_id == phone.user_id
    assert tells(check_golden(first, desktop, "data"), 1500)
    assert [role for role, _ in seen] == ["user", "assistant"]
    assert (left, closed.status) == (200, 401)
    assert tells(check_golden(second, phone, "data"), 2100)
    assert (history[:2], [role for role, _ in history]) == (seen, DIALOGUE)


@CONVERSATION
async def test_long_session_outlives_its_first_token(
    customers: Customers, websocket: OpenSocket, eventually: Eventually
) -> None:
    """A customer renews the token between two questions and goes on in the same thread as the same person."""
    before = await customers.sign_up(customers.new_account())
    async with thread_of(before, "all day long") as thread:
        here = {"thread_id": thread_id(thread), "agent": "data"}
        async with welcomed(websocket, before) as socket:
            first = await answered(socket, before, costs(500), kind="execute_agent", **here)
        after = await customers.renew(before)
        async with welcomed(websocket, after) as socket:
            second = await answered(socket, after, costs(700), kind="execute_agent", **here)
        history = await conversation(eventually, after, thread, 4)
        report = accepted(await after.backend.post("/api/agents/execute", json=_report(history)))
    left = await sign_out(after)
    prolonged = await after.auth.post("/auth/refresh", json={"refresh_token": token_of(after).refresh})

    assert tells(check_golden(first, before, "data"), 1500)
    assert tells(check_golden(second, after, "data"), 2100)
    assert after.user_id == before.user_id
    assert token_of(after).access != token_of(before).access
    assert [role for role, _ in history] == DIALOGUE
    assert (report["status"], mocked(str(report["response"]))) == ("success", False)
    assert (tells(report["response"], 1500), tells(report["response"], 2100)) == (True, True)
    assert (left, prolonged.status) == (200, 401)


def _report(history: list[tuple[str, str]]) -> dict[str, object]:
    """What asks for a report on both answers of *history*."""
    answers = {"data": {"response": f"{history[1][1]} {history[3][1]}"}}
    return {"type": "reporting", "message": "Report on both averages", "context": answers}

"""Planted defects of what the later phases judge: conversations, kept runs, and what customers pay for."""

from typing import Final

from tests.acceptance.mutant import CONVERSATIONS, FEATURES, RUNS, Mutant

_ENTRY: Final = "services/auth/entry.py"
_CONNECTIONS: Final = "services/backend/websocket_connections.py"
_CONVERSATION: Final = "services/backend/conversation.py"
_DOCUMENTS: Final = "services/backend/documents.py"
_PORTS: Final = "services/backend/agents_ports.py"
_STREAMING: Final = "services/backend/streaming.py"
_USERS: Final = "services/backend/users.py"
_OAUTH: Final = "services/auth/oauth.py"
_KEEPER: Final = "agents/keeper.py"
_RUNTIME: Final = "agents/runtime.py"
_TOOLS: Final = "agents/tools.py"

MUTANTS: Final = (
    Mutant(
        area=CONVERSATIONS,
        name="messages are told newest first",
        module=_CONVERSATION,
        original=".order_by(MESSAGES.c.position)\n",
        replacement=".order_by(MESSAGES.c.position.desc())\n",
        breaks="messages are read in the order of their writing",
    ),
    Mutant(
        area=CONVERSATIONS,
        name="answers are not counted",
        module=_CONVERSATION,
        original="message_count=THREADS.c.message_count + 1",
        replacement='message_count=THREADS.c.message_count + int(role == "user")',
        breaks="a thread counts all that was said in it",
    ),
    Mutant(
        area=CONVERSATIONS,
        name="renaming forgets the metadata",
        module=_CONVERSATION,
        original=".values(updated_at=func.clock_timestamp(), **changes)",
        replacement='.values(updated_at=func.clock_timestamp(), **{"metadata": {}, **changes})',
        breaks="what is not changed of a thread stays",
    ),
    Mutant(
        area=CONVERSATIONS,
        name="pages overlap",
        module=_CONVERSATION,
        original=".offset(page.offset)",
        replacement=".offset(max(0, page.offset - 1))",
        breaks="the pages of a history are disjoint",
    ),
    Mutant(
        area=CONVERSATIONS,
        name="history is that of every thread",
        module=_PORTS,
        original=".where(MESSAGES.c.thread_id == caller.thread_id, MESSAGES.c.user_id == caller.user_id)",
        replacement=".where(MESSAGES.c.user_id == caller.user_id)",
        breaks="an agent reads the thread of its run and no other",
    ),
    Mutant(
        area=CONVERSATIONS,
        name="the rate is that of all users",
        module=_CONNECTIONS,
        original="self._spoken.setdefault(user_id, deque())",
        replacement='self._spoken.setdefault("", deque())',
        breaks="one user who floods the chat hinders nobody else",
    ),
    Mutant(
        area=RUNS,
        name="the last step is not kept",
        module=_KEEPER,
        original="steps = (*self.steps, recorded(last, len(self.steps) + 1))",
        replacement="steps = tuple(self.steps)",
        breaks="a run keeps every step that was told",
    ),
    Mutant(
        area=RUNS,
        name="cancelled runs are kept as failed",
        module=_RUNTIME,
        original="return RunStatus.CANCELLED",
        replacement="return RunStatus.FAILED",
        breaks="a run that its user cancelled is kept as cancelled",
    ),
    Mutant(
        area=RUNS,
        name="results are not kept",
        module=_RUNTIME,
        original='            result=event.data["result"],\n',
        replacement="",
        breaks="a run keeps its result",
    ),
    Mutant(
        area=RUNS,
        name="the stream ends without a word",
        module=_STREAMING,
        original='yield "stream_end", {"type": "stream_end",',
        replacement='yield "agent_thinking", {"type": "agent_thinking",',
        breaks="a stream says that it is over",
    ),
    Mutant(
        area=FEATURES,
        name="any permission is enough for a tool",
        module=_TOOLS,
        original="tool.permission not in caller.permissions:",
        replacement="not caller.permissions:",
        breaks="a tool that needs a permission needs that one",
    ),
    Mutant(
        area=FEATURES,
        name="a change sweeps away those before",
        module=_USERS,
        original="set_={section: merged,",
        replacement="set_={section: fresh.excluded[section],",
        breaks="what is not changed of a section stays",
    ),
    Mutant(
        area=FEATURES,
        name="API keys are listed for everybody",
        module=_USERS,
        original="select(*API_KEY).where(API_KEYS.c.user_id == user.user_id)",
        replacement="select(*API_KEY)",
        breaks="API keys are listed for their owner only",
    ),
    Mutant(
        area=FEATURES,
        name="ended sessions are listed",
        module=_USERS,
        original="(SESSIONS.c.user_id == user.user_id, SESSIONS.c.revoked_at.is_(None))",
        replacement="(SESSIONS.c.user_id == user.user_id,)",
        breaks="sessions are the sign-ins that stand",
    ),
    Mutant(
        area=FEATURES,
        name="the search knows no owner",
        module=_DOCUMENTS,
        original=".where(DOCUMENTS.c.user_id == user_id, DOCUMENTS.c.words",
        replacement=".where(DOCUMENTS.c.words",
        breaks="documents are found by their owner only",
    ),
    Mutant(
        area=FEATURES,
        name="the search is worst first",
        module=_DOCUMENTS,
        original="order_by(score.desc(),",
        replacement="order_by(score,",
        breaks="a search finds the best document first",
    ),
    Mutant(
        area=FEATURES,
        name="a renewal gives the used token back",
        module=_ENTRY,
        original="_pair(auth, account, current)",
        replacement="_pair(auth, account, used)",
        breaks="each refresh token can be renewed in its turn",
    ),
    Mutant(
        area=FEATURES,
        name="a wrong password is told from an unknown address",
        module=_ENTRY,
        original='UnauthenticatedError("wrong e-mail address or password"',
        replacement='UnauthenticatedError("wrong password" if found else "unknown e-mail address"',
        breaks="a sign-in does not tell who has an account",
    ),
    Mutant(
        area=FEATURES,
        name="the way back is the caller's choice",
        module=_OAUTH,
        original='"redirect_uri": f"',
        replacement='"redirect_uri": request.query_params.get("redirect_uri") or f"',
        breaks="the code of a sign-in with Google is brought to the auth service",
    ),
)

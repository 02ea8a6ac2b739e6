"""Planted defects of what the first phase judges: signing in, WebSockets, agents."""

from typing import Final

from tests.acceptance.mutant import AGENTS, AUTH, WEBSOCKET, Mutant

_IDENTITY: Final = "services/identity.py"
_ENTRY: Final = "services/auth/entry.py"
_ACCOUNTS: Final = "services/auth/accounts.py"
_CONNECTIONS: Final = "services/backend/websocket_connections.py"
_HANDSHAKE: Final = "services/backend/websocket_handshake.py"
_PEER: Final = "services/backend/websocket_peer.py"
_ROUTER: Final = "services/backend/websocket_router.py"
_SOCKET: Final = "services/backend/websocket.py"
_DESK: Final = "agents/desk.py"
_RUNTIME: Final = "agents/runtime.py"

MUTANTS: Final = (
    Mutant(
        area=AUTH,
        name="used refresh tokens work",
        module=_ACCOUNTS,
        original="            SESSIONS.c.refresh_id == used.refresh_id,\n",
        replacement="",
        breaks="a refresh token works once",
    ),
    Mutant(
        area=AUTH,
        name="refresh is not rotated",
        module=_ACCOUNTS,
        original=".values(refresh_id=refresh_id, last_used_at=",
        replacement=".values(last_used_at=",
        breaks="refreshing gives a pair that works, and ends the one before",
    ),
    Mutant(
        area=AUTH,
        name="revocations are looked up elsewhere",
        module=_IDENTITY,
        original="self.cache.exists(revocation_key(token_id))",
        replacement="self.cache.exists(token_id)",
        breaks="a bearer that signed out is refused",
    ),
    Mutant(
        area=AUTH,
        name="revocations last a second",
        module=_IDENTITY,
        original="ex=max(1, int(left_s) + 1)",
        replacement="ex=1",
        breaks="a bearer that signed out is refused until it would have expired",
        inside=True,
    ),
    Mutant(
        area=AUTH,
        name="audience is not checked",
        module=_IDENTITY,
        original='options={"require": list(REQUIRED_CLAIMS)}',
        replacement='options={"require": list(REQUIRED_CLAIMS), "verify_aud": False}',
        breaks="tokens for another audience are refused",
        inside=True,
    ),
    Mutant(
        area=AUTH,
        name="issuer is not checked",
        module=_IDENTITY,
        original="            issuer=ISSUER,\n",
        replacement="",
        breaks="tokens of another issuer are refused",
        inside=True,
    ),
    Mutant(
        area=AUTH,
        name="expiry has a minute of grace",
        module=_IDENTITY,
        original="            issuer=ISSUER,\n",
        replacement="            issuer=ISSUER,\n            leeway=60,\n",
        breaks="an expired token is refused",
        inside=True,
    ),
    Mutant(
        area=AUTH,
        name="refresh tokens are bearers",
        module=_IDENTITY,
        original='BEARER_TYPES: Final = ("access", "service")',
        replacement='BEARER_TYPES: Final = ("access", "service", "refresh")',
        breaks="only access and service tokens are bearers",
    ),
    Mutant(
        area=AUTH,
        name="signing out keeps the session",
        module=_ENTRY,
        original="    if holder.session_id:\n",
        replacement="    if not holder.session_id:\n",
        breaks="signing out ends the refreshing",
    ),
    Mutant(
        area=AUTH,
        name="half a bypass key is enough",
        module=_ENTRY,
        original="if not hmac.compare_digest(offered.encode(), key.encode()):",
        replacement="if not key.startswith(offered):",
        breaks="the door for E2E opens to its key only",
    ),
    Mutant(
        area=AUTH,
        name="expires_in is in minutes",
        module=_ENTRY,
        original='"expires_in": int(told_s)',
        replacement='"expires_in": int(told_s) // 60',
        breaks="expires_in agrees with exp",
        inside=True,
    ),
    Mutant(
        area=WEBSOCKET,
        name="heartbeat is missing",
        module=_PEER,
        original="asyncio.timeout(self._heartbeat_s)",
        replacement="asyncio.timeout(None)",
        breaks="an idle connection hears a heartbeat",
        inside=True,
    ),
    Mutant(
        area=WEBSOCKET,
        name="pong is lost",
        module=_ROUTER,
        original='peer.send("pong", message.data',
        replacement="(message.data",
        breaks="a ping is answered with a pong",
    ),
    Mutant(
        area=WEBSOCKET,
        name="message size is unchecked",
        module=_SOCKET,
        original="    if size > limit:\n",
        replacement="    if size > 1024 * limit:\n",
        breaks="a message of more than 8192 bytes is refused",
        inside=True,
    ),
    Mutant(
        area=WEBSOCKET,
        name="characters are counted for bytes",
        module=_SOCKET,
        original="size, limit = len(body.encode()),",
        replacement="size, limit = len(body),",
        breaks="the limit of a message is in bytes",
        inside=True,
    ),
    Mutant(
        area=WEBSOCKET,
        name="the longest message is too long",
        module=_SOCKET,
        original="    if size > limit:\n",
        replacement="    if size >= limit:\n",
        breaks="a message of 8192 bytes is served",
        inside=True,
    ),
    Mutant(
        area=WEBSOCKET,
        name="a fourth connection is let in",
        module=_CONNECTIONS,
        original="if len(self._open[user_id]) >= self._limit:",
        replacement="if len(self._open[user_id]) > self._limit:",
        breaks="a user has three connections",
    ),
    Mutant(
        area=WEBSOCKET,
        name="closed connections count",
        module=_CONNECTIONS,
        original="        self._open[user_id].discard(connection_id)\n",
        replacement="",
        breaks="a closed connection makes room for another",
    ),
    Mutant(
        area=WEBSOCKET,
        name="one message a minute too many",
        module=_CONNECTIONS,
        original="if len(spoken) >= self._rate:",
        replacement="if len(spoken) > self._rate:",
        breaks="a user says thirty messages a minute",
        inside=True,
    ),
    Mutant(
        area=WEBSOCKET,
        name="frames are written last first",
        module=_PEER,
        original="= asyncio.Queue()",
        replacement="= asyncio.LifoQueue()",
        breaks="frames arrive in the order of what happened",
    ),
    Mutant(
        area=WEBSOCKET,
        name="anonymous users are let in",
        module=_HANDSHAKE,
        original='if self._backend.settings.env.get("DEMO_MODE") != "1":',
        replacement='if not self._backend.settings.env.get("DEMO_MODE"):',
        breaks="nobody without a token is let in",
    ),
    Mutant(
        area=WEBSOCKET,
        name="subprotocol is not echoed",
        module=_HANDSHAKE,
        original="websocket.accept(SUBPROTOCOL if offered else None)",
        replacement="websocket.accept(None)",
        breaks="an offered subprotocol is echoed",
    ),
    Mutant(
        area=WEBSOCKET,
        name="unknown messages are dropped",
        module=_ROUTER,
        original='peer.send("ack", {"received_type": message.type[:100], "handled": False}, message.correlation_id)',
        replacement="pass",
        breaks="an unknown message is acknowledged",
    ),
    Mutant(
        area=AGENTS,
        name="tool_executing is missing",
        module=_DESK,
        original='        self._emit(EventType.TOOL_EXECUTING, {**name, "parameters": dict(parameters)})\n',
        replacement="",
        breaks="every tool_completed has its tool_executing",
    ),
    Mutant(
        area=AGENTS,
        name="thoughts come before the start",
        module=_DESK,
        original=(
            "        self._emit(EventType.AGENT_STARTED, "
            '{"message": self.task.message, "context": sorted(self.task.context)})\n'
            "        self.think(await self._ask(), 10)\n"
        ),
        replacement=(
            "        self.think(await self._ask(), 10)\n"
            "        self._emit(EventType.AGENT_STARTED, "
            '{"message": self.task.message, "context": sorted(self.task.context)})\n'
        ),
        breaks="agent_started is the first event",
    ),
    Mutant(
        area=AGENTS,
        name="delegated agents never complete",
        module=_DESK,
        original="        desk.publish(desk.completion(report.as_result(), started))\n",
        replacement="",
        breaks="an agent that another one asked tells its end",
        inside=True,
    ),
    Mutant(
        area=AGENTS,
        name="runs of others can be read",
        module=_RUNTIME,
        original="if run is None or run.user_id != user_id:",
        replacement="if run is None:",
        breaks="another user's run does not exist",
    ),
    Mutant(
        area=AGENTS,
        name="cancelling is only said",
        module=_RUNTIME,
        original="return active.task.cancel()",
        replacement="return True",
        breaks="cancelling ends a run",
    ),
    Mutant(
        area=AGENTS,
        name="strangers end runs",
        module=_RUNTIME,
        original="return active if active is not None and active.user_id == user_id else None",
        replacement="return active",
        breaks="a run is ended by its user only",
        inside=True,
    ),
    Mutant(
        area=AGENTS,
        name="repeated requests run again",
        module=_RUNTIME,
        original="if holder != run.run_id:",
        replacement="if holder != run.run_id and request.request_id is None:",
        breaks="the same request id is the same run",
    ),
    Mutant(
        area=AGENTS,
        name="refused requests spend their id",
        module=_RUNTIME,
        original="if request.thread_id is not None and not await self._world.threads.owns(caller):",
        replacement="if request.thread_id is not None and not caller.user_id:",
        breaks="a request that was refused may be sent again under its id",
        inside=True,
    ),
    Mutant(
        area=AGENTS,
        name="answers are kept as the user's",
        module=_RUNTIME,
        original='Message(role="assistant", ',
        replacement='Message(role="user", ',
        breaks="a run's answer stands in its thread as the assistant's",
    ),
    Mutant(
        area=AGENTS,
        name="completion is told before it is kept",
        module=_RUNTIME,
        original="        ended = await keeper.close(\n            event,\n            status=RunStatus.COMPLETED,",
        replacement=(
            "        desk.publish(event)\n"
            "        await asyncio.sleep(0.5)\n"
            "        ended = await keeper.close(\n            event,\n            status=RunStatus.COMPLETED,"
        ),
        breaks="a run whose completion was told is completed, and tells it once",
    ),
)

"""JSON Schemas of what the deployed system says, written from the contract alone.

Named keys are required; further keys are allowed wherever the contract ends a list with an ellipsis
or does not name the whole body. Where the contract gives no type, none is demanded.
"""

from typing import Any, Final

Schema = dict[str, Any]

INSTANT: Final[Schema] = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$",
}
NAME: Final[Schema] = {"type": "string", "minLength": 1}
TEXT: Final[Schema] = {"type": "string"}
FLAG: Final[Schema] = {"type": "boolean"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
AMOUNT: Final[Schema] = {"type": "number", "minimum": 0}
MAPPING: Final[Schema] = {"type": "object"}
GENUINE: Final[Schema] = {"type": "string", "minLength": 1, "not": {"pattern": "^(Mock |Fallback |Degraded mode)"}}
"""A text that is not the answer of a stand-in."""


def body(**properties: Schema) -> Schema:
    """An object that has at least these *properties*."""
    return {"type": "object", "required": list(properties), "properties": properties}


def one_of(*values: object) -> Schema:
    """One of these *values*."""
    return {"enum": list(values)}


def maybe(schema: Schema) -> Schema:
    """*schema*, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def every(schema: Schema, at_least: int = 0) -> Schema:
    """A list of *schema*."""
    return {"type": "array", "items": schema, "minItems": at_least}


ERROR: Final = body(
    error={"const": True},
    error_code={"type": "string", "pattern": "^[A-Z][A-Z0-9_]+$"},
    message=NAME,
    user_message=NAME,
    details=MAPPING,
    trace_id=NAME,
    timestamp=INSTANT,
    request_id=NAME,
)

HEALTH: Final = body(status={"const": "healthy"}, service=NAME, version=NAME, timestamp=INSTANT)
REDIS_MODES: Final = ("connected", "disabled_optional", "skipped_optional", "vpc_connectivity_degraded", "failed")
READY: Final = body(
    status={"const": "ready"},
    core_db=NAME,
    redis_db=one_of(*REDIS_MODES),
    clickhouse_db=NAME,
    websocket_readiness=body(status=NAME, websocket_ready=FLAG),
)
STARTUP: Final = body(status={"const": "ready"}, checks=body(database={}, redis={}, websocket={}, startup_module={}))
CAPABLE: Final[Schema] = {"const": True}
HEALTH_BACKEND: Final = body(
    status=NAME,
    capabilities=body(
        agent_execution=CAPABLE,
        tool_system=CAPABLE,
        llm_integration=CAPABLE,
        websocket_integration=CAPABLE,
        database_connectivity=CAPABLE,
    ),
    readiness_score=AMOUNT,
    golden_path_ready=CAPABLE,
)
HEALTH_DATABASE: Final = body(
    status=NAME,
    connected=CAPABLE,
    pool_status={},
    database_stats=body(active_connections={"type": "integer", "minimum": 1}, last_activity=maybe(INSTANT)),
)
DEPENDENCY: Final = body(
    status=NAME, connected=FLAG, response_time_ms=maybe(AMOUNT), error=maybe({"type": "string", "minLength": 1})
)
API_READY: Final = body(
    status=one_of("healthy", "degraded"),
    uptime_seconds=AMOUNT,
    checks=body(postgresql=DEPENDENCY, redis=DEPENDENCY, clickhouse=DEPENDENCY),
    version=NAME,
    environment=NAME,
)
AUTH_HEALTH: Final = body(status=NAME, database_status=NAME)
HEALTH_AUTH: Final = body(
    status=NAME,
    capabilities=body(
        jwt_validation=CAPABLE, session_management=CAPABLE, oauth_configured=FLAG, database_connected=CAPABLE
    ),
    golden_path_ready=CAPABLE,
)
FRONTEND_HEALTH: Final = body(
    status=NAME, service={"const": "frontend"}, version=NAME, environment=NAME, uptime=AMOUNT, memory={}
)

DISCOVERY: Final = body(services=body(backend={}, frontend={}, auth={}), timestamp=INSTANT, available={})
MCP_CONFIG: Final = body(claude={}, cursor={}, mcp={}, http={}, websocket={})
MCP_SERVERS: Final = body(data=every(body(name=NAME, status=NAME), at_least=1), status=NAME)
AGENT_NAMES: Final = (
    "triage",
    "data",
    "optimization",
    "actions",
    "reporting",
    "supply_researcher",
    "corpus_admin",
    "data_helper",
    "supervisor",
)
AGENT_STATUS: Final = body(name=one_of(*AGENT_NAMES), state=NAME, capabilities=every(NAME, at_least=1), config=MAPPING)
EXECUTION: Final = body(
    status=NAME,
    agent=one_of(*AGENT_NAMES),
    response={},
    execution_time=AMOUNT,
    circuit_breaker_state=NAME,
    error=maybe(TEXT),
    run_id=NAME,
)
AGENT_ACTION: Final = body(success=FLAG, agent_id=NAME, action=NAME, message=NAME, timestamp=INSTANT)
RUN_STARTED: Final = body(run_id=NAME, status={"const": "started"}, user_id=NAME, thread_id={})
RUN_STATUS: Final = body(run_id=NAME, status=NAME, steps=every(MAPPING), result={})
THREAD: Final = body(
    id=NAME,
    object={"const": "thread"},
    title=maybe(TEXT),
    created_at={},
    updated_at={},
    metadata=MAPPING,
    message_count=COUNT,
)
MESSAGE: Final = body(id=NAME, thread_id=NAME, content=NAME, role=NAME, created_at={})
TOOL: Final = body(name=NAME, parameters=MAPPING)
TOOL_RESULT: Final = body(tool_name=NAME, result={}, execution_time_ms=AMOUNT, status=NAME)
CONFIG_FACTS: Final = body(present=FLAG, length_ok=FLAG, has_whitespace=FLAG, is_placeholder=FLAG)

TOKENS: Final = body(
    access_token=NAME,
    refresh_token=NAME,
    token_type={"const": "Bearer"},
    expires_in={"type": "number", "exclusiveMinimum": 0},
    user=body(id=NAME, email=NAME),
)
TOKEN_PAIR: Final = body(access_token=NAME, refresh_token=NAME)
CLAIMS: Final = body(
    sub=NAME,
    iat=AMOUNT,
    exp=AMOUNT,
    token_type=NAME,
    iss={"const": "netra-auth-service"},
    aud={"anyOf": [{"const": "netra-platform"}, {"const": ["netra-platform"]}]},
    jti=NAME,
    env=NAME,
    email=NAME,
    permissions=every(TEXT),
)
VALID_TOKEN: Final = body(valid={"const": True}, user_id=NAME, email=NAME, permissions=every(TEXT), expires_at={})
INVALID_TOKEN: Final = body(valid={"const": False})

GOLDEN_PATH: Final = ("agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed")
FRAME: Final = body(type=NAME, data=MAPPING, timestamp=INSTANT, server_id=NAME, correlation_id=maybe(TEXT))
WELCOME: Final = body(
    mode=NAME,
    user_id=NAME,
    connection_id=NAME,
    golden_path_events={"const": list(GOLDEN_PATH)},
    features={},
)
EVENT: Final = body(
    type=NAME, run_id=NAME, user_id=NAME, agent_name=one_of(*AGENT_NAMES), timestamp=INSTANT, data=MAPPING
)
EVENT_DATA: Final[dict[str, Schema]] = {
    "agent_started": MAPPING,
    "agent_thinking": body(
        reasoning=GENUINE,
        step_number={"type": "integer", "minimum": 1},
        progress_percentage={"type": "number", "minimum": 0, "maximum": 100},
    ),
    "tool_executing": body(tool_name=NAME, parameters=MAPPING),
    "tool_completed": body(tool_name=NAME, result={}, execution_time_ms=AMOUNT),
    "agent_completed": body(status=NAME, result={}, execution_time_ms=AMOUNT),
    "agent_error": body(error_message=NAME, error_context={}),
}

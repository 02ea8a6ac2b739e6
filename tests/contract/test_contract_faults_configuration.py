"""Faults of what services are told, and of what was deployed: each on its real path, and gone when switched off."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx

from tests.contract.checks import check_answered, check_refused
from tests.contract.client import BYPASS_HEADER, Deployed, SignIn, User, unique_email
from tests.contract.schemas import API_READY, MESSAGE, THREAD

CONTENT = "Describe 10, 20, 30 and 40."
Switched = Callable[..., AbstractContextManager[None]]


async def checks(api: httpx.AsyncClient) -> dict[str, Any]:
    """What the per-dependency probe measures now."""
    body = check_answered(await api.get("/api/health/ready", params={"force": "true"}), API_READY)
    found: dict[str, Any] = body["checks"]
    return found


async def facts(api: httpx.AsyncClient, name: str) -> dict[str, Any]:
    """What is told of the variable *name*."""
    body = check_answered(await api.get("/api/system/config/validate"), {})
    return next(variable for variable in body["variables"] if variable["name"] == name)


async def errors(api: httpx.AsyncClient, user: User) -> str:
    """The recent errors of the backend, as text."""
    answer = await api.get("/api/monitoring/errors", headers=user.bearer, params={"limit": "100"})
    return str([entry["message"] for entry in check_answered(answer, {})["data"]])


async def test_a_missing_secret_stops_one_service_and_is_named_by_another(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched, sign_in: SignIn
) -> None:
    """Fault secret_missing: auth exits and the edge answers 503; the backend, which also gets it, names it."""
    with switched("secret_missing"):
        health = await auth.get("/health")
        told = await facts(api, "SESSION_SECRET_KEY")
        validity = (await api.get("/api/system/config/validate")).json()
    after = await facts(api, "SESSION_SECRET_KEY")
    user = await sign_in()

    assert (health.status_code, "The service is unavailable." in health.text) == (503, True)
    assert (told["present"], told["length_ok"]) == (False, False)
    assert (validity["valid"], validity["problems"]) == (False, ["SESSION_SECRET_KEY"])
    assert after["present"] is True
    assert user.access_token


async def test_a_dirty_host_is_looked_up_as_a_name(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched, user: User
) -> None:
    """Fault secret_dirty: -3 on an address after the resolver's 5 s, scaled; auth reaches the same Redis."""
    with switched("secret_dirty"):
        during = await checks(api)
        told = await facts(api, "REDIS_HOST")
        recent = await errors(api, user)
        other = check_answered(await auth.get("/health/ready"), {})
    after = await checks(api)

    assert during["redis"]["error"].startswith("Error -3 connecting to 127.0.0.1\n:")
    assert during["redis"]["error"].endswith("Temporary failure in name resolution.")
    assert 500 <= during["redis"]["response_time_ms"] < 900
    assert (during["postgresql"]["connected"], during["postgresql"]["response_time_ms"] < 400) == (True, True)
    assert (told["present"], told["has_whitespace"]) == (True, True)
    assert "REDIS_HOST contained whitespace" in recent
    assert "Error -3 connecting to" in recent
    assert other["redis_status"] == "connected"
    assert after["redis"]["connected"] is True


async def test_a_dirty_host_blocks_a_synchronous_client(api: httpx.AsyncClient, switched: Switched) -> None:
    """Faults secret_dirty and event_loop_blocked: the resolver's 5 s are PostgreSQL's, too, which is connected."""
    with switched("secret_dirty", "event_loop_blocked"):
        during = await checks(api)
    after = await checks(api)

    assert during["redis"]["error"].startswith("Error -3 connecting to 127.0.0.1\n:")
    assert (during["postgresql"]["connected"], during["postgresql"]["error"]) == (True, None)
    assert abs(during["postgresql"]["response_time_ms"] - during["redis"]["response_time_ms"]) < 200
    assert during["postgresql"]["response_time_ms"] >= 500
    assert after["postgresql"]["response_time_ms"] < 400


async def test_a_wrong_redis_password_is_refused_by_redis(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched, user: User
) -> None:
    """Fault redis_auth: Redis answers at once, and refuses; the backend's runs are 503 in the same words."""
    with switched("redis_auth"):
        during = await checks(api)
        run = await api.post("/api/agent/v2/execute", headers=user.bearer, json={"message": CONTENT})
        other = check_answered(await auth.get("/health/ready"), {})
    after = await checks(api)

    assert during["redis"]["error"] == "invalid username-password pair or user is disabled."
    assert during["redis"]["response_time_ms"] < 400
    assert check_refused(run, 503)["details"]["error"] == "invalid username-password pair or user is disabled."
    assert other["redis_status"] == "connected"
    assert after["redis"]["connected"] is True


async def test_two_secrets_refuse_every_token(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched, sign_in: SignIn, user: User
) -> None:
    """Fault jwt_secret_mismatch: auth accepts its own new token, the backend refuses it; the other way round, too."""
    with switched("jwt_secret_mismatch"):
        issued = await sign_in()
        verdict = check_answered(await auth.get("/auth/verify", headers=issued.bearer), {})
        refused = await api.get("/api/threads", headers=issued.bearer)
        old = check_answered(await auth.get("/auth/verify", headers=user.bearer), {})
    after = await api.get("/api/threads", headers=(await sign_in()).bearer)

    assert verdict["valid"] is True
    assert "Signature verification failed" in check_refused(refused, 401)["message"]
    assert (old["valid"], "Signature verification failed" in old["error"]) == (False, True)
    assert after.status_code == 200


async def test_a_refused_key_lets_no_campaign_in(
    auth: httpx.AsyncClient, switched: Switched, deployed: Deployed, sign_in: SignIn
) -> None:
    """Fault auth_rejected: the door for E2E refuses the key that it accepted; registering still works."""
    credentials = {"email": unique_email(), "password": "pa55word-of-nobody", "name": "Somebody"}
    with switched("auth_rejected"):
        refused = await auth.post(
            "/auth/e2e/test-auth", headers={BYPASS_HEADER: deployed.bypass_key}, json={"email": unique_email()}
        )
        registered = await auth.post("/auth/register", json=credentials)
    after = await sign_in()

    assert check_refused(refused, 401)["error_code"] == "INVALID_BYPASS_KEY"
    assert registered.status_code == 201
    assert after.access_token


async def test_a_failed_start_is_told_for_ever(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched, user: User
) -> None:
    """Fault startup_failed: health is 503 with phase and reason, all else is 503, dependencies and auth are well."""
    with switched("startup_failed"):
        health = await api.get("/health")
        threads = await api.get("/api/threads", headers=user.bearer)
        behind = check_answered(await api.get("/api/system/dependencies/status"), {})
        other = await auth.get("/health")
    after = await api.get("/health")

    told = check_answered(health, {}, 503)
    assert (told["startup_in_progress"], told["details"]["phase"]) == (False, "SERVICES")
    assert told["details"]["error"] == "ModuleNotFoundError: No module named 'ci_tools.twin.agents.registry'"
    assert check_refused(threads, 503)["error_code"] == "STARTUP_FAILED"
    assert (behind["status"], other.status_code) == ("healthy", 200)
    assert after.status_code == 200


async def test_a_bad_revision_fails_in_one_path(api: httpx.AsyncClient, switched: Switched, user: User) -> None:
    """Fault bad_deploy: another revision and sha are told, adding a message is 500, every dependency is well."""
    before = check_answered(await api.get("/api/system/info"), {})
    thread = check_answered(await api.post("/api/threads", headers=user.bearer, json={}), THREAD, 201)["id"]
    with switched("bad_deploy"):
        during = check_answered(await api.get("/api/system/info"), {})
        said = await api.post(f"/api/threads/{thread}/messages", headers=user.bearer, json={"message": "Hello"})
        behind = await checks(api)
        answer = await api.get("/api/monitoring/errors", headers=user.bearer)
    after = await api.post(f"/api/threads/{thread}/messages", headers=user.bearer, json={"message": "Hello"})

    assert during["revision"] != before["revision"]
    assert during["build_sha"] != before["build_sha"]
    assert check_refused(said, 500)["message"] == "unexpected KeyError"
    assert "KeyError: 'token_count'" in answer.text
    assert (behind["postgresql"]["connected"], behind["redis"]["connected"]) == (True, True)
    check_answered(after, MESSAGE, 201)


async def test_a_defect_loses_one_change(api: httpx.AsyncClient, switched: Switched, user: User) -> None:
    """Fault product_defect: a changed title is told and, each time, not kept; revision and dependencies stay."""
    before = check_answered(await api.get("/api/system/info"), {})["revision"]
    created = check_answered(await api.post("/api/threads", headers=user.bearer, json={"title": "old"}), THREAD, 201)
    path = f"/api/threads/{created['id']}"
    with switched("product_defect"):
        told = [check_answered(await api.put(path, headers=user.bearer, json={"title": "new"}), THREAD) for _ in "ab"]
        kept = check_answered(await api.get(path, headers=user.bearer), THREAD)
        during = check_answered(await api.get("/api/system/info"), {})["revision"]
        behind = await checks(api)
    await api.put(path, headers=user.bearer, json={"title": "new"})
    after = check_answered(await api.get(path, headers=user.bearer), THREAD)

    assert [thread["title"] for thread in told] == ["new", "new"]
    assert (kept["title"], after["title"]) == ("old", "new")
    assert during == before
    assert (behind["postgresql"]["connected"], behind["redis"]["connected"]) == (True, True)


async def test_an_optional_dependency_that_refuses_is_told(api: httpx.AsyncClient, switched: Switched) -> None:
    """Fault clickhouse_down: configured and refused, while the backend stays ready; not configured after."""
    with switched("clickhouse_down"):
        during = await checks(api)
        ready = check_answered(await api.get("/health/ready"), {})
    after = await checks(api)

    assert (during["clickhouse"]["connected"], during["clickhouse"]["status"]) == (False, "unhealthy")
    assert "[Errno 111] Connect call failed" in during["clickhouse"]["error"]
    assert ready["clickhouse_db"] == "failed"
    assert after["clickhouse"]["status"] == "skipped_optional"


async def test_recent_errors_leak_no_secret(
    api: httpx.AsyncClient, switched: Switched, user: User, auth_environ: dict[str, str]
) -> None:
    """What is told of failures has neither a password nor a key of the services in it."""
    with switched("redis_auth", "database_down"):
        await checks(api)
        await api.get("/api/threads", headers=user.bearer)
        answer = await api.get("/api/monitoring/errors", headers=user.bearer)

    secrets = {value for name, value in auth_environ.items() if "SECRET" in name or "PASSWORD" in name}
    assert "postgresql is unavailable" in answer.text
    assert len(secrets) > 1
    assert [secret for secret in secrets if secret in answer.text] == []

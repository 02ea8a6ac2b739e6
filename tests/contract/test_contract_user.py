from typing import Any

import httpx
import pytest

from tests.contract.checks import check_answered, check_listed, check_refused
from tests.contract.client import Deployed, SignIn, User
from tests.contract.schemas import MAPPING, NAME, body

SECTIONS = ("profile", "settings", "preferences")
CHANGES: dict[str, dict[str, Any]] = {
    "profile": {"display_name": "Contract Test"},
    "settings": {"notifications": False},
    "preferences": {"theme": "dark"},
}
API_KEY = body(id=NAME, name=NAME)


@pytest.mark.parametrize("section", SECTIONS)
async def test_change_is_persisted(api: httpx.AsyncClient, deployed: Deployed, user: User, section: str) -> None:
    """What was changed is answered, and read by a second client."""
    changed = await api.patch(f"/api/v1/user/{section}", headers=user.bearer, json=CHANGES[section])
    async with deployed.http("api") as elsewhere:
        stored = check_answered(await elsewhere.get(f"/api/v1/user/{section}", headers=user.bearer), MAPPING)

    assert check_answered(changed, MAPPING) == stored
    assert stored == {**stored, **CHANGES[section]}


@pytest.mark.parametrize("section", SECTIONS)
async def test_change_leaves_the_rest(api: httpx.AsyncClient, user: User, section: str) -> None:
    """A change touches what it names and nothing else."""
    before = check_answered(await api.get(f"/api/v1/user/{section}", headers=user.bearer), MAPPING)
    await api.patch(f"/api/v1/user/{section}", headers=user.bearer, json=CHANGES[section])
    after = check_answered(await api.get(f"/api/v1/user/{section}", headers=user.bearer), MAPPING)

    assert before != after
    assert after == {**before, **CHANGES[section]}


async def test_changes_add_up(api: httpx.AsyncClient, user: User) -> None:
    """A second change does not undo the first."""
    await api.patch("/api/v1/user/settings", headers=user.bearer, json={"first": 1})
    await api.patch("/api/v1/user/settings", headers=user.bearer, json={"second": {"n": 2}})
    stored = check_answered(await api.get("/api/v1/user/settings", headers=user.bearer), MAPPING)

    assert stored == {**stored, "first": 1, "second": {"n": 2}}


@pytest.mark.parametrize("section", SECTIONS)
async def test_change_is_the_users_own(api: httpx.AsyncClient, user: User, stranger: User, section: str) -> None:
    """One user's change is not another's."""
    before = check_answered(await api.get(f"/api/v1/user/{section}", headers=stranger.bearer), MAPPING)
    await api.patch(f"/api/v1/user/{section}", headers=user.bearer, json=CHANGES[section])
    after = check_answered(await api.get(f"/api/v1/user/{section}", headers=stranger.bearer), MAPPING)

    assert before == after


async def test_profile_is_the_bearers(api: httpx.AsyncClient, user: User) -> None:
    """The profile has the id and the address of who asks."""
    profile = check_answered(await api.get("/api/v1/user/profile", headers=user.bearer), MAPPING)

    assert user.user_id in profile.values()
    assert profile["email"] == user.email


async def test_profile_keeps_its_identity(api: httpx.AsyncClient, user: User) -> None:
    """A profile's address cannot be changed to somebody else's."""
    answer = await api.patch("/api/v1/user/profile", headers=user.bearer, json={"email": "somebody@example.com"})
    profile = check_answered(await api.get("/api/v1/user/profile", headers=user.bearer), MAPPING)

    check_refused(answer, 422)
    assert profile["email"] == user.email


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("change", [["a list"], "text", 7])
async def test_change_must_be_an_object(api: httpx.AsyncClient, user: User, section: str, change: object) -> None:
    """A change that is no object is 422."""
    answer = await api.patch(f"/api/v1/user/{section}", headers=user.bearer, json=change)

    check_refused(answer, 422)


async def test_sessions_are_the_users_sign_ins(api: httpx.AsyncClient, user: User, stranger: User) -> None:
    """The sign-in that asks is among the user's sessions, and among nobody else's."""
    mine = check_listed(await api.get("/api/v1/user/sessions", headers=user.bearer), body(id=NAME))
    theirs = check_listed(await api.get("/api/v1/user/sessions", headers=stranger.bearer), body(id=NAME))

    assert len(mine) == 1
    assert len(theirs) == 1
    assert mine[0]["id"] != theirs[0]["id"]


async def test_ended_sign_in_is_no_session(api: httpx.AsyncClient, auth: httpx.AsyncClient, sign_in: SignIn) -> None:
    """Of two sign-ins of one person, the one that signed out is listed no more."""
    ending = await sign_in()
    staying = await sign_in(email=ending.email)
    both = check_listed(await api.get("/api/v1/user/sessions", headers=staying.bearer), body(id=NAME))

    await auth.post("/auth/logout", headers=ending.bearer)

    left = check_listed(await api.get("/api/v1/user/sessions", headers=staying.bearer), body(id=NAME))
    assert (len(both), len(left)) == (2, 1)
    assert left[0]["id"] in {session["id"] for session in both}


async def test_api_key_is_shown_once(api: httpx.AsyncClient, user: User) -> None:
    """A new key is told when it is made and never again."""
    made = check_answered(
        await api.post("/api/v1/user/api-keys", headers=user.bearer, json={"name": "contract"}),
        body(id=NAME, name=NAME, key={"type": "string", "minLength": 32}),
        201,
    )
    answer = await api.get("/api/v1/user/api-keys", headers=user.bearer)

    assert [(key["id"], key["name"]) for key in check_listed(answer, API_KEY)] == [(made["id"], "contract")]
    assert made["key"] not in answer.text


async def test_api_keys_are_the_users_own(api: httpx.AsyncClient, user: User, stranger: User) -> None:
    """A key is in nobody else's list."""
    await api.post("/api/v1/user/api-keys", headers=user.bearer, json={"name": "contract"})
    theirs = check_listed(await api.get("/api/v1/user/api-keys", headers=stranger.bearer), API_KEY)

    assert theirs == []


async def test_api_keys_are_distinct(api: httpx.AsyncClient, user: User) -> None:
    """Two keys of one name are two secrets."""
    first = await api.post("/api/v1/user/api-keys", headers=user.bearer, json={"name": "contract"})
    second = await api.post("/api/v1/user/api-keys", headers=user.bearer, json={"name": "contract"})

    assert first.json()["key"] != second.json()["key"]


@pytest.mark.parametrize("change", [{}, {"name": ""}, {"name": 7}])
async def test_api_key_needs_a_name(api: httpx.AsyncClient, user: User, change: object) -> None:
    """A key without a name is 422."""
    answer = await api.post("/api/v1/user/api-keys", headers=user.bearer, json=change)

    check_refused(answer, 422)


@pytest.mark.parametrize("section", [*SECTIONS, "sessions", "api-keys"])
async def test_user_data_need_a_bearer(api: httpx.AsyncClient, section: str) -> None:
    """Nothing of a user is told without a bearer."""
    answer = await api.get(f"/api/v1/user/{section}")

    check_refused(answer, 401)


@pytest.mark.parametrize("section", SECTIONS)
async def test_changes_need_a_bearer(api: httpx.AsyncClient, section: str) -> None:
    """Nothing of a user is changed without a bearer."""
    answer = await api.patch(f"/api/v1/user/{section}", json=CHANGES[section])

    check_refused(answer, 401)

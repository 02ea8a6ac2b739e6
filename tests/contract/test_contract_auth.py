import time

import httpx
import pytest

from tests.contract.checks import check_answered, check_conforms, check_refused
from tests.contract.client import SignIn, User, bearer, unique_email, user_of
from tests.contract.forgery import FORGERIES, claims_of, header_of
from tests.contract.schemas import CLAIMS, INVALID_TOKEN, TOKEN_PAIR, TOKENS, VALID_TOKEN

PASSWORD = "a passphrase of nobody 7"
ACCESS_LIFE_S = (15 * 60 * 0.1, 30 * 60 * 0.1)
REFRESH_LIFE_S = 14 * 86_400 * 0.1


async def register(auth: httpx.AsyncClient, **changes: object) -> httpx.Response:
    """The answer to a registration of a new address, with *changes* to its body."""
    body = {"email": unique_email(), "password": PASSWORD, "name": "Contract Test", **changes}
    return await auth.post("/auth/register", json={key: value for key, value in body.items() if value is not None})


async def refresh(auth: httpx.AsyncClient, token: str) -> httpx.Response:
    """The answer to a refresh with *token*."""
    return await auth.post("/auth/refresh", json={"refresh_token": token})


async def test_registration_answers_with_tokens(auth: httpx.AsyncClient) -> None:
    """A registration signs in, as the address that was registered."""
    email = unique_email()
    answer = await register(auth, email=email)

    body = check_answered(answer, TOKENS, answer.status_code)
    assert answer.status_code in (200, 201)
    assert body["user"]["email"] == email


async def test_login_is_the_registered_user(auth: httpx.AsyncClient) -> None:
    """A login is the user who registered, with tokens of its own."""
    registered = user_of(await register(auth))
    answer = await auth.post("/auth/login", json={"email": registered.email, "password": PASSWORD})

    body = check_answered(answer, TOKENS)
    assert body["user"] == {**body["user"], "id": registered.user_id, "email": registered.email}
    assert claims_of(body["access_token"])["sub"] == registered.user_id
    assert body["access_token"] != registered.access_token


async def test_login_refuses_a_wrong_password(auth: httpx.AsyncClient) -> None:
    """Another password is 401."""
    registered = user_of(await register(auth))
    answer = await auth.post("/auth/login", json={"email": registered.email, "password": f"{PASSWORD}!"})

    check_refused(answer, 401)


async def test_login_refuses_an_unknown_address(auth: httpx.AsyncClient) -> None:
    """An address nobody registered is 401, not told apart from a wrong password."""
    registered = user_of(await register(auth))
    unknown = await auth.post("/auth/login", json={"email": unique_email(), "password": PASSWORD})
    wrong = await auth.post("/auth/login", json={"email": registered.email, "password": "wrong password 1"})

    assert check_refused(unknown, 401)["message"] == check_refused(wrong, 401)["message"]


async def test_an_address_registers_once(auth: httpx.AsyncClient) -> None:
    """The second registration of an address is 409, and the first password stays."""
    registered = user_of(await register(auth))
    again = await register(auth, email=registered.email, password="another passphrase 8")
    login = await auth.post("/auth/login", json={"email": registered.email, "password": PASSWORD})

    check_refused(again, 409)
    assert login.status_code == 200


@pytest.mark.parametrize(
    "changes", [{"email": None}, {"password": None}, {"email": "no address"}, {"email": 7}, {"password": ""}]
)
async def test_registration_refuses_invalid_bodies(auth: httpx.AsyncClient, changes: dict[str, object]) -> None:
    """A registration without a usable address and password is 422."""
    answer = await register(auth, **changes)

    check_refused(answer, 422)


@pytest.mark.parametrize("path", ["/auth/login", "/auth/register", "/auth/refresh"])
async def test_bodies_must_be_json(auth: httpx.AsyncClient, path: str) -> None:
    """A body that is no JSON is 422."""
    answer = await auth.post(path, content=b"{", headers={"content-type": "application/json"})

    check_refused(answer, 422)


async def test_refusals_repeat_no_password(auth: httpx.AsyncClient) -> None:
    """What was sent as a password never comes back."""
    answer = await auth.post("/auth/login", json={"email": unique_email(), "password": "canary-77af1c"})

    assert answer.status_code == 401
    assert "canary-77af1c" not in answer.text


async def test_access_token_has_the_contract_claims(auth: httpx.AsyncClient) -> None:
    """An access token is HS256 with every claim, of the user it was issued to."""
    registered = user_of(await register(auth))
    claims = check_conforms(claims_of(registered.access_token), CLAIMS)

    assert header_of(registered.access_token)["alg"] == "HS256"
    assert claims["sub"] == registered.user_id
    assert claims["email"] == registered.email
    assert claims["token_type"] == "access"
    assert claims["env"] == "twin"


async def test_access_token_lives_15_to_30_minutes(user: User) -> None:
    """The life of an access token is the contract's, at the environment's time scale."""
    claims = claims_of(user.access_token)

    assert ACCESS_LIFE_S[0] <= claims["exp"] - claims["iat"] <= ACCESS_LIFE_S[1]
    assert abs(claims["iat"] - time.time()) < 30


async def test_expires_in_agrees_with_exp(auth: httpx.AsyncClient) -> None:
    """What the answer says of the token's life is what the token says."""
    body = check_answered(await register(auth), TOKENS, 201)
    claims = claims_of(body["access_token"])

    assert body["expires_in"] == pytest.approx(claims["exp"] - time.time(), abs=3)


async def test_refresh_token_lives_14_days(user: User) -> None:
    """A refresh token is of its own type and lives 14 days, scaled."""
    claims = claims_of(user.refresh_token)

    assert claims["token_type"] == "refresh"
    assert claims["sub"] == user.user_id
    assert claims["exp"] - claims["iat"] == pytest.approx(REFRESH_LIFE_S, abs=2)


async def test_every_token_has_its_own_id(auth: httpx.AsyncClient) -> None:
    """Tokens issued one after the other are distinct by jti."""
    user = user_of(await register(auth))
    pair = check_answered(await refresh(auth, user.refresh_token), TOKEN_PAIR)
    tokens = [user.access_token, user.refresh_token, pair["access_token"], pair["refresh_token"]]

    assert len({claims_of(token)["jti"] for token in tokens}) == 4


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_forged_bearers_are_refused_by_both_services(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, user: User, forgery: str
) -> None:
    """Nothing but a token of ours, of type access, unchanged, authenticates."""
    headers = bearer(FORGERIES[forgery](user.access_token, user.refresh_token))

    check_refused(await api.get("/api/threads", headers=headers), 401)
    check_refused(await auth.get("/auth/me", headers=headers), 401)


@pytest.mark.parametrize("scheme", ["Basic", "Token", "Bearer:"])
async def test_other_schemes_are_refused(api: httpx.AsyncClient, user: User, scheme: str) -> None:
    """A valid token under another scheme does not authenticate."""
    answer = await api.get("/api/threads", headers={"authorization": f"{scheme} {user.access_token}"})

    check_refused(answer, 401)


async def test_tokens_are_accepted_across_services(api: httpx.AsyncClient, user: User) -> None:
    """A token of the auth service authenticates at the backend."""
    answer = await api.get("/api/threads", headers=user.bearer)

    assert answer.status_code == 200


async def test_refresh_gives_a_pair_that_works(api: httpx.AsyncClient, auth: httpx.AsyncClient, user: User) -> None:
    """Both tokens of a refreshed pair work, for the same user."""
    pair = check_answered(await refresh(auth, user.refresh_token), TOKEN_PAIR)
    threads = await api.get("/api/threads", headers=bearer(pair["access_token"]))
    again = await refresh(auth, pair["refresh_token"])

    assert claims_of(pair["access_token"])["sub"] == user.user_id
    assert claims_of(pair["access_token"])["email"] == user.email
    assert claims_of(pair["access_token"])["permissions"] == claims_of(user.access_token)["permissions"]
    assert threads.status_code == 200
    assert again.status_code == 200


async def test_a_refresh_token_works_once(auth: httpx.AsyncClient, user: User) -> None:
    """A used refresh token is 401."""
    first = await refresh(auth, user.refresh_token)
    second = await refresh(auth, user.refresh_token)

    assert first.status_code == 200
    check_refused(second, 401)


async def test_refresh_refuses_access_tokens(auth: httpx.AsyncClient, user: User) -> None:
    """An access token does not refresh, and trying takes nothing from the refresh token."""
    answer = await refresh(auth, user.access_token)
    control = await refresh(auth, user.refresh_token)

    check_refused(answer, 401)
    assert control.status_code == 200


async def test_a_reused_refresh_token_ends_its_family(auth: httpx.AsyncClient, user: User) -> None:
    """When a used refresh token comes back its successor is refused too: one of the two holders is a thief."""
    pair = check_answered(await refresh(auth, user.refresh_token), TOKEN_PAIR)
    await refresh(auth, user.refresh_token)
    answer = await refresh(auth, pair["refresh_token"])

    check_refused(answer, 401)


@pytest.mark.parametrize("forgery", ["another user's claims", "another secret", "no signature"])
async def test_refresh_refuses_forgeries(auth: httpx.AsyncClient, user: User, forgery: str) -> None:
    """A refresh token that was not issued as it stands does not refresh."""
    answer = await refresh(auth, FORGERIES[forgery](user.refresh_token, user.refresh_token))

    check_refused(answer, 401)


async def test_refresh_needs_a_token(auth: httpx.AsyncClient) -> None:
    """A refresh without a token is 422."""
    answer = await auth.post("/auth/refresh", json={})

    check_refused(answer, 422)


async def test_refreshing_does_not_touch_others(auth: httpx.AsyncClient, user: User, stranger: User) -> None:
    """A reused token of one user takes nothing from another."""
    await refresh(auth, user.refresh_token)
    await refresh(auth, user.refresh_token)
    answer = await refresh(auth, stranger.refresh_token)

    assert answer.status_code == 200


async def test_logout_revokes_the_bearer_everywhere(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, user: User
) -> None:
    """After logout the token is refused by both services, although it has not expired."""
    before = await api.get("/api/threads", headers=user.bearer)
    answer = await auth.post("/auth/logout", headers=user.bearer)

    assert before.status_code == 200
    assert answer.status_code in (200, 204)
    check_refused(await api.get("/api/threads", headers=user.bearer), 401)
    check_refused(await auth.get("/auth/me", headers=user.bearer), 401)


async def test_logout_spares_other_users(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, user: User, stranger: User
) -> None:
    """One user's logout signs nobody else out."""
    await auth.post("/auth/logout", headers=user.bearer)
    answer = await api.get("/api/threads", headers=stranger.bearer)

    assert answer.status_code == 200


async def test_logout_spares_the_users_other_session(api: httpx.AsyncClient, auth: httpx.AsyncClient) -> None:
    """Logging out one sign-in leaves another sign-in of the same user alone."""
    first = user_of(await register(auth))
    second = user_of(await auth.post("/auth/login", json={"email": first.email, "password": PASSWORD}))
    await auth.post("/auth/logout", headers=first.bearer)
    answer = await api.get("/api/threads", headers=second.bearer)

    assert answer.status_code == 200


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer x.y.z"}])
async def test_logout_needs_a_bearer(auth: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """Nobody is signed out without a token."""
    answer = await auth.post("/auth/logout", headers=headers)

    check_refused(answer, 401)


async def test_validate_tells_whose_token_it_is(auth: httpx.AsyncClient, sign_in: SignIn) -> None:
    """A valid token is valid, with its user, permissions and end."""
    user = await sign_in(permissions=("read",))
    answer = await auth.post("/auth/validate", json={"token": user.access_token}, headers=user.bearer)

    body = check_answered(answer, VALID_TOKEN)
    assert body["user_id"] == user.user_id
    assert body["email"] == user.email
    assert body["permissions"] == ["read"]


async def test_verify_tells_whose_token_it_is(auth: httpx.AsyncClient, user: User) -> None:
    """GET /auth/verify says the same of the bearer."""
    body = check_answered(await auth.get("/auth/verify", headers=user.bearer), VALID_TOKEN)

    assert body["user_id"] == user.user_id
    assert body["email"] == user.email


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_validate_tells_forgeries(auth: httpx.AsyncClient, user: User, forgery: str) -> None:
    """A forged token is answered 200 and not valid, without a user."""
    token = FORGERIES[forgery](user.access_token, user.refresh_token)
    answer = await auth.post("/auth/validate", json={"token": token}, headers=bearer(token))

    body = check_answered(answer, INVALID_TOKEN)
    assert body.get("user_id") is None


async def test_verify_tells_revoked_tokens(auth: httpx.AsyncClient, user: User) -> None:
    """A token that was signed out is answered 200 and not valid, at both endpoints."""
    await auth.post("/auth/logout", headers=user.bearer)

    check_answered(await auth.get("/auth/verify", headers=user.bearer), INVALID_TOKEN)
    check_answered(
        await auth.post("/auth/validate", json={"token": user.access_token}, headers=user.bearer), INVALID_TOKEN
    )


async def test_me_is_the_bearer(auth: httpx.AsyncClient, user: User, stranger: User) -> None:
    """/auth/me is who asks, nobody else."""
    mine = check_answered(await auth.get("/auth/me", headers=user.bearer), {})
    theirs = check_answered(await auth.get("/auth/me", headers=stranger.bearer), {})

    assert (mine["id"], mine["email"]) == (user.user_id, user.email)
    assert (theirs["id"], theirs["email"]) == (stranger.user_id, stranger.email)


async def test_me_needs_a_bearer(auth: httpx.AsyncClient) -> None:
    """/auth/me is 401 for nobody."""
    answer = await auth.get("/auth/me")

    check_refused(answer, 401)


# OAuth and services

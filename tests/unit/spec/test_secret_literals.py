from collections.abc import Callable

import pytest

from ci_tools.spec.secret_literals import refuse_secrets

# Assembled here so that no scanner of this repository takes them for real ones.
LITERALS = {
    "a URL with a password": "https://user:" + "hunter2@shop.example",
    "a URL with a password alone": "redis://:" + "hunter2@shop.example",
    "a bearer token": "Authorization: Bearer " + "abc123",
    "a JSON Web Token": "ey" + "JhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "a GitHub token": "ghp" + "_0123456789abcdef",
    "a Google key": "AI" + "zaSyA0123456789abcdef",
    "an AWS key": "AK" + "IA0123456789ABCDEF",
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "a key in a query": "/health?key=" + "hunter2",
    "a password in an option": "--password=" + "hunter2",
}


@pytest.mark.parametrize("literal", LITERALS.values(), ids=LITERALS.keys())
def test_a_literal_secret_is_refused_and_never_shown(literal: str) -> None:
    """A text that looks like a secret is refused by its place and its length alone."""
    [problem] = refuse_secrets({"probes": {"api": {"argv": ["curl", literal]}}})

    assert problem.path == ("probes", "api", "argv", 1)
    assert problem.what == "looks like a secret"
    assert problem.got == f"a text of {len(literal)} characters"


@pytest.mark.parametrize("key", ["token", "api_key", "key", "client_secret", "PASSWORD", "credentials"])
def test_a_key_that_asks_for_a_secret_is_refused(key: str) -> None:
    """A key that is named like a secret has no text, whatever it is."""
    [problem] = refuse_secrets({"environments": {"here": {"auth": {key: "x"}}}})

    assert problem.path == ("environments", "here", "auth", key)


def test_the_value_of_an_option_is_refused() -> None:
    """An argument after an option for a secret is one."""
    [problem] = refuse_secrets({"probes": {"db": {"argv": ["psql", "--password", "hunter2"]}}})

    assert problem.path == ("probes", "db", "argv", 2)


def test_a_reference_to_a_secret_is_refused() -> None:
    """A reference to a secret would carry its value into plan and journal."""
    [problem] = refuse_secrets({"probes": {"db": {"argv": ["psql", "${DB_PASSWORD}"]}}})

    assert problem.what == "refers to a secret; its value would reach the journal"
    assert problem.got == "${DB_PASSWORD}"


@pytest.mark.parametrize(
    "name", ["E2E_POSTGRESQL_DSN", "SLACK_WEBHOOK", "MYSQL_PWD", "DOOR_BYPASS", "SHOP_BEARER", "KEY"]
)
def test_a_reference_is_to_a_secret_by_the_rule_that_masks_them(name: str) -> None:
    """What the redactor masks elsewhere would stand in the file of the environment as it is."""
    [problem] = refuse_secrets({"probes": {"db": {"argv": ["psql", "--list", f"at ${{SHOP_HOST}} ${{{name}}}"]}}})

    assert problem.path == ("probes", "db", "argv", 2)
    assert problem.got == f"${{{name}}}"


@pytest.mark.parametrize("name", ["SHOP_HOST", "SECRET_KEY_FILE", "TOKEN_URI", "PWD"])
def test_a_reference_to_what_the_redactor_shows_is_allowed(name: str) -> None:
    """Where a secret is kept is none."""
    assert refuse_secrets({"probes": {"db": {"argv": ["psql", f"${{{name}}}"]}}}) == []


@pytest.mark.parametrize("field", ["token_env", "key_env", "dsn_env"])
def test_a_reference_to_what_is_read_as_a_secret_is_refused(field: str) -> None:
    """That variable holds a secret, whatever it is called."""
    here = {"auth": {field: "SHOP_LOGIN"}, "pytest_args": ["--shop-login=${SHOP_LOGIN}"]}

    [problem] = refuse_secrets({"environments": {"here": here}})

    assert problem.path == ("environments", "here", "pytest_args", 0)


@pytest.mark.parametrize(
    "data",
    [
        {"auth": {"key_env": "E2E_OAUTH_SIMULATION_KEY", "token_env": "SHOP_BEARER"}},
        {"hosts": {"token": "https://token.shop.example"}},
        {"probes": {"token": {"kind": "token", "path": "/health?force=true", "expect": {"token": ["bearer"]}}}},
        {"dependencies": {"signing_key": ["secret_manager"], "api": ["signing_key"]}},
        {"argv": ["curl", "--fail", "https://shop.example"]},
        {"expected": 3, "suites": [{"value": "sign-in with a token or a password fails"}]},
    ],
)
def test_what_only_speaks_of_secrets_is_allowed(data: dict[str, object]) -> None:
    """Names of variables, hosts, dependencies and answers may speak of secrets."""
    assert refuse_secrets(data) == []


def test_a_secret_is_the_only_thing_said_of_its_place(refusal: Callable[..., str]) -> None:
    """The message about an unknown key that holds a secret does not show it either."""
    said = refusal('auth = { strategy = "bypass_key" }', 'auth = { strategy = "bypass_key", key = "hunter2" }')

    assert said == (
        "campaign.toml:11: environments.here.auth.key: looks like a secret; got a text of 7 characters; "
        "legal: the name of an environment variable in token_env, key_env or dsn_env; "
        "a command reads its own environment"
    )


@pytest.mark.parametrize("value", ['["redis://:hunter2@db"]', '{ deep = ["--password", "hunter2"] }'])
def test_a_secret_is_not_shown_with_the_array_around_it(value: str, refusal: Callable[..., str]) -> None:
    """An array or a table that cannot stand where it does is not shown with what is in it."""
    said = refusal('welcome = ""', f"welcome = {value}")

    assert "looks like a secret" in said
    assert "hunter2" not in said


def test_a_secret_is_not_shown_for_a_reference_in_it(refusal: Callable[..., str]) -> None:
    """What is wrong with a reference shows the text around it."""
    said = refusal('auth = { strategy = "bypass_key" }', 'auth = { strategy = "bypass_key", key = "hunter2${" }')

    assert "hunter2" not in said

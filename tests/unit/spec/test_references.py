import pytest

from ci_tools.errors import UsageError
from ci_tools.model import Environment, ReadyToken
from ci_tools.questions import CommandProbe
from ci_tools.spec.references import is_host, malformed, referenced, resolved

RAW = Environment(
    name="here",
    hosts={"api": "https://${SHOP_HOST}:${SHOP_PORT}"},
    resolve={"*.shop.example": "${SHOP_ADDRESS}"},
    ca_file="${SHOP_CA}",
    probes=(CommandProbe(name="dig", dependency="dns", argv=("dig", "${SHOP_HOST}")),),
)
ENVIRON = {
    "SHOP_HOST": "api.shop.example",
    "SHOP_PORT": "8443",
    "SHOP_ADDRESS": "127.0.0.1",
    "SHOP_CA": "/tmp/ca.pem",  # noqa: S108 - never opened
}


def test_every_text_of_an_environment_is_resolved() -> None:
    """Hosts, addresses, files and the arguments of probes get the variables' values."""
    environment = resolved(RAW, ENVIRON)

    assert environment.hosts == {"api": "https://api.shop.example:8443"}
    assert environment.resolve == {"*.shop.example": "127.0.0.1"}
    assert environment.ca_file == ENVIRON["SHOP_CA"]
    assert environment.probes == (CommandProbe(name="dig", dependency="dns", argv=("dig", "api.shop.example")),)


def test_a_value_is_not_resolved_again() -> None:
    """A reference in a variable's value stays as it is."""
    environment = resolved(RAW, ENVIRON | {"SHOP_CA": "${SHOP_HOST}"})

    assert environment.ca_file == "${SHOP_HOST}"


def test_every_variable_that_is_not_set_is_named() -> None:
    """All unset and empty variables are named at once, with the environment and the next step."""
    with pytest.raises(UsageError) as caught:
        resolved(RAW, {"SHOP_HOST": "api.shop.example", "SHOP_CA": "", "SHOP_ADDRESS": "127.0.0.1"})

    assert str(caught.value) == (
        "environment 'here' needs SHOP_CA, SHOP_PORT, not set or empty; export it and run again"
    )


def test_the_twin_is_started_rather_than_exported() -> None:
    """For an environment that is provisioned, the next step is to let it be."""
    raw = Environment(name="twin", hosts={"api": "https://${TWIN}"}, provision="twin")

    with pytest.raises(UsageError) as caught:
        resolved(raw, {})

    assert str(caught.value) == (
        "environment 'twin' needs TWIN, not set or empty; "
        "let `ci-tools campaign` start the twin, or export what the running twin prints"
    )


@pytest.mark.parametrize("value", ["api.shop.example\n", " api.shop.example"])
def test_a_variable_with_whitespace_around_it_is_refused(value: str) -> None:
    """A value with a newline, as `echo` leaves one, is refused by its name."""
    with pytest.raises(UsageError) as caught:
        resolved(RAW, ENVIRON | {"SHOP_HOST": value})

    assert str(caught.value) == (
        "environment 'here': SHOP_HOST begins or ends with whitespace; "
        "allowed: the bare value; set it with printf %s instead of echo"
    )


@pytest.mark.parametrize(
    ("argument", "variables", "telling"),
    [
        ("${SHOP_STORE}", {"SHOP_STORE": "redis://:hunter2@store"}, "SHOP_STORE"),
        ("redis://${SHOP_LOGIN}@store", {"SHOP_LOGIN": "shop:hunter2"}, "SHOP_LOGIN"),
        ("${SHOP_LOGIN}", {"SHOP_LOGIN": "opaque-1", "E2E_TOKEN": "opaque-1"}, "SHOP_LOGIN"),
        ("${SHOP_LOGIN}", {"SHOP_LOGIN": "opaque-1", "SHOP_DOOR": "opaque-1"}, "SHOP_LOGIN"),
    ],
    ids=["an address with a password", "a password within an address", "a secret's copy", "a copy of what is named"],
)
def test_a_secret_under_a_harmless_name_is_refused(argument: str, variables: dict[str, str], telling: str) -> None:
    """What is resolved is written to a file that may be shared."""
    probe = CommandProbe(name="get", dependency="store", argv=("get", argument))
    raw = Environment(name="here", hosts={}, auth=ReadyToken(token_env="SHOP_DOOR"), probes=(probe,))

    with pytest.raises(UsageError) as caught:
        resolved(raw, variables)

    assert str(caught.value) == (
        f"environment 'here': {telling} would bring a secret into environment.json and the journal, which may be "
        "shared; allowed: values without one; let a command read it from its own environment, or name its variable in "
        "token_env, key_env or dsn_env"
    )


def test_a_short_secret_is_a_word() -> None:
    """What is never masked refuses nothing."""
    environment = resolved(RAW, ENVIRON | {"SHOP_PASSWORD": ENVIRON["SHOP_PORT"]})

    assert environment.hosts == {"api": "https://api.shop.example:8443"}


def test_a_host_that_becomes_no_url_is_refused() -> None:
    """A host that its variables spoil is refused, with the variables to correct."""
    with pytest.raises(UsageError) as caught:
        resolved(RAW, ENVIRON | {"SHOP_PORT": "https"})

    assert str(caught.value) == (
        "host 'api' of environment 'here' became 'https://api.shop.example:https'; allowed: a URL with scheme http, "
        "https, ws or wss, with 1 to 63 characters between the dots of its name, and without a trailing slash, query "
        "or user; correct SHOP_HOST, SHOP_PORT"
    )


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("https://shop.example", True),
        ("wss://shop.example:8443/api/v1/websocket", True),
        ("http://[::1]:80", True),
        ("https://${HOST}:${PORT}", True),
        ("${URL}", True),
        ("shop.example", False),
        ("ftp://shop.example", False),
        ("https://", False),
        ("https://shop.example/", False),
        ("https://shop.example?x=1", False),
        ("https://shop.example#x", False),
        ("https://user@shop.example", False),
        ("https://shop.example:0", False),
        ("https://shop.example:99999", False),
        ("https://[::1", False),
        ("https://shop example", False),
        ("https://shop.example.", True),
        ("https://shop..example", False),
        ("https://.shop.example", False),
        (f"https://{'a' * 63}.example", True),
        (f"https://{'a' * 64}.example", False),
    ],
)
def test_a_host_is_a_plain_url(text: str, verdict: bool) -> None:  # noqa: FBT001 - the expected value
    """A host is a URL of a known scheme, with nothing after its path."""
    assert is_host(text) is verdict


def test_references_are_found_in_order() -> None:
    """The variables of a text are named in their order."""
    assert referenced("https://${B}:${A}") == ["B", "A"]


@pytest.mark.parametrize(("text", "verdict"), [("${A}${B}", False), ("$A", False), ("${A", True), ("${A-b}", True)])
def test_a_reference_is_a_name_in_braces(text: str, verdict: bool) -> None:  # noqa: FBT001 - the expected value
    """Anything else after ``${`` is malformed."""
    assert malformed(text) is verdict

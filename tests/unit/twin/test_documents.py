from ci_tools.twin.documents import Layout, Ports, Secrets, documents, identity
from ci_tools.twin.services.configuration import report
from ci_tools.twin.settings import Identity


def layout() -> Layout:
    """A twin at a tenth of the contract's time."""
    return Layout(
        ports=Ports(edge=1, services={"backend": 2, "auth": 3, "frontend": 4}, postgresql=5, redis=6, llm=7),
        identity=Identity(sha="s", revision="r", version="1"),
        time_scale=0.1,
        postgresql_user="netra",
        postgresql_database="netra",
    )


def test_every_required_variable_is_sound() -> None:
    """The services' own validation finds nothing wrong with a healthy twin's environment."""
    assert report(documents(layout())["backend"].env)["problems"] == []


def test_services_share_their_secrets() -> None:
    """Backend and auth sign and verify with one secret."""
    made = documents(layout())

    assert made["backend"].env["JWT_SECRET_STAGING"] == made["auth"].env["JWT_SECRET_STAGING"]


def test_every_twin_has_secrets_of_its_own() -> None:
    """Two twins share no secret."""
    assert Secrets() != Secrets()


def test_secrets_do_not_show() -> None:
    """No secret stands in a traceback that shows the object."""
    own = Secrets()

    assert own.jwt not in repr(own)
    assert own.postgresql_password not in repr(own)


def test_durations_are_scaled() -> None:
    """The contract's seconds become real ones."""
    durations = documents(layout())["auth"].durations

    assert durations.access_token_s == 90.0
    assert durations.heartbeat_s == 3.9000000000000004


def test_redis_is_an_address_and_postgresql_a_name() -> None:
    """As in the real staging: Redis is configured by a literal, PostgreSQL by a name of the resolver."""
    document = documents(layout())["backend"]

    assert document.env["REDIS_HOST"] == "127.0.0.1"
    assert document.env["POSTGRES_HOST"] in document.resolver.addresses


def test_the_identity_is_the_code() -> None:
    """The build's identity is the same for every start of the same code."""
    first = identity()

    assert first == identity()
    assert first.revision == f"twin-{first.sha[:12]}"

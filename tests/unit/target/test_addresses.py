import ssl
from pathlib import Path

import pytest

from ci_tools.errors import UsageError
from ci_tools.model import Environment
from ci_tools.target.addresses import address_of, endpoint, host_url, trust


def _environment(**hosts: str) -> Environment:
    return Environment(
        name="staging",
        hosts=hosts,
        resolve={"*.test": "127.0.0.1", "*.deep.test": "127.0.0.2", "exact.deep.test": "127.0.0.3"},
    )


def test_unknown_host_names_the_known_ones() -> None:
    """A host that the environment lacks is a usage error that lists those it has."""
    with pytest.raises(UsageError, match=r"no host 'frontned'; known: backend, frontend"):
        host_url(_environment(backend="https://a.test", frontend="https://b.test"), "frontned")


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("exact.deep.test", "127.0.0.3"),
        ("other.deep.test", "127.0.0.2"),
        ("any.test", "127.0.0.1"),
        ("test", "test"),
        ("example.com", "example.com"),
    ],
)
def test_most_specific_entry_resolves(name: str, address: str) -> None:
    """An exact entry wins over the longest suffix, which wins over shorter ones; else the name stays."""
    assert address_of(_environment(), name) == address


@pytest.mark.parametrize(
    ("url", "port", "secure"),
    [("https://a.test", 443, True), ("http://a.test:8080/api", 8080, False), ("wss://a.test/ws", 443, True)],
)
def test_endpoint_tells_where_to_connect(url: str, port: int, *, secure: bool) -> None:
    """An endpoint keeps the name and tells address, port and whether TLS is spoken."""
    there = endpoint(_environment(backend=url), "backend")

    assert (there.name, there.address, there.port, there.secure) == ("a.test", "127.0.0.1", port, secure)


@pytest.mark.parametrize("url", ["ftp://a.test", "a.test", "https://"])
def test_endpoint_refuses_what_is_no_host(url: str) -> None:
    """A URL of another scheme or without a host is a usage error that names it."""
    with pytest.raises(UsageError, match="allowed: http, https, ws, wss URLs"):
        endpoint(_environment(backend=url), "backend")


def test_missing_ca_file_is_named() -> None:
    """A CA file that is not there is a usage error that names it."""
    environment = Environment(name="twin", hosts={}, ca_file="/no/such/ca.pem")

    with pytest.raises(UsageError, match=r"'/no/such/ca.pem' of environment 'twin'"):
        trust(environment)


def test_ca_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    """A CA file without a certificate is a usage error."""
    path = tmp_path / "ca.pem"
    path.write_text("not a certificate")

    with pytest.raises(UsageError, match="PEM certificates"):
        trust(Environment(name="twin", hosts={}, ca_file=str(path)))


def test_trust_is_the_ca_file_alone(ca_file: str) -> None:
    """With a CA file, nothing else is trusted, names are verified, and nothing below TLS 1.2 is spoken."""
    context = trust(Environment(name="twin", hosts={}, ca_file=ca_file))

    assert len(context.get_ca_certs()) == 1
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2

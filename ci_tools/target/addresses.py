"""Where a host of an environment is reached: its URL, the address to connect to, and whom TLS trusts."""

import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from ci_tools.errors import UsageError
from ci_tools.model import Environment

_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One host: what it is called, and where a connection to it goes."""

    url: str
    scheme: str
    name: str
    """The host name, as TLS and the ``Host`` header want it."""
    address: str
    """What to connect to: the entry of the environment's ``resolve`` table, else *name*."""
    port: int

    @property
    def secure(self) -> bool:
        """Whether connections speak TLS."""
        return self.scheme in ("https", "wss")


def host_url(environment: Environment, host: str) -> str:
    """The URL of *host* without a trailing slash.

    Raises:
        UsageError: the environment has no host of that name.
    """
    try:
        return environment.hosts[host].rstrip("/")
    except KeyError:
        known = ", ".join(sorted(environment.hosts))
        raise UsageError(
            f"environment {environment.name!r} has no host {host!r}; known: {known}. "
            "See [environments] in campaign.toml"
        ) from None


def endpoint(environment: Environment, host: str) -> Endpoint:
    """Where *host* is reached."""
    url = host_url(environment, host)
    parts = urlsplit(url)
    name = parts.hostname or ""
    if parts.scheme not in _DEFAULT_PORTS or not name:
        raise UsageError(f"host {host!r} of {environment.name!r} is {url!r}; allowed: http, https, ws, wss URLs")
    return Endpoint(
        url=url,
        scheme=parts.scheme,
        name=name,
        address=address_of(environment, name),
        port=parts.port or _DEFAULT_PORTS[parts.scheme],
    )


def address_of(environment: Environment, name: str) -> str:
    """The address to connect to for host name *name*: exact entry, else the longest ``*.suffix``, else itself."""
    if name in environment.resolve:
        return environment.resolve[name]
    suffixes = [key for key in environment.resolve if key.startswith("*.") and name.endswith(key[1:])]
    return environment.resolve[max(suffixes, key=len)] if suffixes else name


def trust(environment: Environment) -> ssl.SSLContext:
    """A verifying client context: the environment's CA file and nothing else, or the system's roots."""
    try:
        context = ssl.create_default_context(cafile=environment.ca_file)
    except OSError as error:
        raise UsageError(
            f"ca_file {environment.ca_file!r} of environment {environment.name!r} cannot be used: {error}; "
            "allowed: a file of PEM certificates"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context

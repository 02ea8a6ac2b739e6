"""What probes ask with: clients of one environment by patience, and the credentials of one user."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from ci_tools.errors import EvidenceError, TargetError
from ci_tools.evidence.redaction import Redactor, secrets_of
from ci_tools.model import Environment
from ci_tools.target.credentials import Credentials, Issuer
from ci_tools.target.http import HttpClient
from ci_tools.target.pacing import Pacer
from ci_tools.target.session import TEST_SESSION


class NoCredentialsError(EvidenceError):
    """An authenticated probe had nothing to ask with: no evidence about the dependency it asks for."""


class Clients:
    """Everything a probe needs of *environment*; belongs to one event loop."""

    def __init__(
        self, environment: Environment, environ: Mapping[str, str], pacer: Pacer, *, session: str | None = None
    ) -> None:
        self.environment = environment
        self.redactor = Redactor(secrets_of(environ, environment.secret_names))
        self._environ = environ
        self._pacer = pacer
        self._session = session
        self._by_patience: dict[float, HttpClient] = {}
        self._credentials: Credentials | None = None
        self._lock = asyncio.Lock()

    def patient(self, timeout_s: float) -> HttpClient:
        """The client that waits *timeout_s* (unscaled) for a connection or an answer, its own pace not counted."""
        if timeout_s not in self._by_patience:
            timeouts = replace(self.environment.timeouts, connect_s=timeout_s, general_s=timeout_s)
            environment = replace(self.environment, timeouts=timeouts)
            client = HttpClient(environment, self._pacer, session=self._session)
            self._session = client.session
            self._by_patience[timeout_s] = client
        return self._by_patience[timeout_s]

    def variable(self, name: str) -> str:
        """The value of environment variable *name*; empty if it is not set."""
        return self._environ.get(name, "")

    def issuer(self, timeout_s: float) -> Issuer:
        """Who gives out fresh credentials, each request within *timeout_s* (unscaled)."""
        return Issuer(self.patient(timeout_s), self._environ)

    async def bearer(self, timeout_s: float) -> str | None:
        """A valid token of the user whom all authenticated probes share; None where the system wants none.

        Raises:
            NoCredentialsError: the deployed system gave none; the next call asks again.
            ThrottledError: the edge limited us.
            CredentialsMissingError: a secret is not in the environment.
        """
        async with self._lock:
            try:
                if self._credentials is None:
                    self._credentials = await self.issuer(timeout_s).issue()
                return await self._credentials.bearer()
            except TargetError as error:
                self._credentials = None
                raise NoCredentialsError(f"no credentials to ask with: {error}") from error

    async def aclose(self) -> None:
        """Close every connection."""
        for client in self._by_patience.values():
            await client.aclose()


@asynccontextmanager
async def clients_of(environment: Environment, environ: Mapping[str, str]) -> AsyncIterator[Clients]:
    """Clients that keep the pace which all processes share, closed at the end."""
    pacer = Pacer.of(environment, environ)
    clients = Clients(environment, environ, pacer, session=environ.get(TEST_SESSION))
    try:
        yield clients
    finally:
        await clients.aclose()

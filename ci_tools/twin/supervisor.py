"""The owner of a twin: starts every part, keeps them in the desired state, and ends them all."""

import asyncio
import os
import socket
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ci_tools.errors import TwinError, UsageError
from ci_tools.twin.announcement import Announcement
from ci_tools.twin.bystander import Bystander
from ci_tools.twin.certificates import Certificates
from ci_tools.twin.control import ControlServer
from ci_tools.twin.desired import Desired, desired, healthy_allowances
from ci_tools.twin.documents import HOSTS, SERVICES, Layout, Ports, Secrets, documents, identity, module_of
from ci_tools.twin.edge.server import Edge
from ci_tools.twin.effects import ProxyName, Switch
from ci_tools.twin.faults import catalogue_json, parse_fault
from ci_tools.twin.forking import ForkServer
from ci_tools.twin.llm import LanguageModel
from ci_tools.twin.passage import Passage
from ci_tools.twin.platform_watch import PlatformWatch
from ci_tools.twin.ports import LOOPBACK, number_of, reserve_port
from ci_tools.twin.postgresql import PostgreSql, start_postgresql
from ci_tools.twin.proxy import Proxy, TcpAddress
from ci_tools.twin.service_process import ServiceProcess, ServiceState
from ci_tools.twin.settings import ServiceName, ServiceSettings
from ci_tools.twin.valkey import Redis, start_redis

REQUEST_TIMEOUT_S = 600.0


class Supervisor:
    """All parts of one twin in *directory*, and the faults that are switched on."""

    def __init__(
        self,
        directory: Path,
        *,
        time_scale: float,
        switches: Sequence[Switch] = (),
    ) -> None:
        self._directory = directory
        self._time_scale = time_scale
        self._switches = tuple(switches)
        self._secrets = Secrets()
        self._identity = identity()
        self._switching = asyncio.Lock()
        self._reserved: dict[ServiceName, socket.socket] = {name: reserve_port() for name in SERVICES}
        self._entrance = reserve_port()
        ports = {name: number_of(held) for name, held in self._reserved.items()}
        self._services = {name: ServiceProcess(name, module_of(name), ports[name], directory) for name in SERVICES}
        self._edge = Edge(
            {host: ports[name] for host, name in HOSTS.items()},
            healthy_allowances(time_scale),
            request_timeout_s=REQUEST_TIMEOUT_S * time_scale,
        )
        self._passage = Passage()
        self._watches = {name: self._watch(service) for name, service in self._services.items()}
        self._llm = LanguageModel()
        self._control = ControlServer(directory / "control.sock", self._answer)
        self._proxies: dict[ProxyName, Proxy] = {}
        self._fork_server: ForkServer | None = None
        self._certificates: Certificates | None = None
        self._postgresql: PostgreSql | None = None
        self._bystander: Bystander | None = None
        self._redis: Redis | None = None
        self._healthy_documents: dict[ServiceName, ServiceSettings] = {}
        self._state: Desired

    async def start(self) -> None:
        """Every part is up, the faults are on, and the control socket answers.

        Raises:
            TwinError: A part did not come up; the parts that did are still to be stopped.
        """
        modules = [module_of(name) for name in SERVICES]
        server = self._fork_server = await ForkServer.start(modules, self._directory / "forkserver.log")
        await _all(self._start_postgresql(), self._start_redis(), self._start_llm(), self._start_edge())
        self._healthy_documents = documents(self._layout())
        self._state = self._desired(self._switches)
        for name, service in self._services.items():
            service.write(self._state.documents[name])
        await _all(*(service.run(server) for service in self._services.values()))
        self._judge_start()
        await self._strike(self._state)
        await _all(*(self._services[name].stop() for name in self._state.stopped))
        await self._watch_instances(self._state)
        await self._control.start()

    async def stop(self) -> None:
        """No part is left, whichever of them had started."""
        await self._control.stop()
        await asyncio.gather(*(watch.stop() for watch in self._watches.values()))
        self._edge.stop()
        await asyncio.gather(
            self._stop_services(),
            *(proxy.stop() for proxy in self._proxies.values()),
            self._llm.stop(),
            *(part.stop() for part in (self._postgresql, self._redis) if part is not None),
            return_exceptions=True,
        )
        for held in (self._entrance, *self._reserved.values()):
            held.close()

    async def _stop_services(self) -> None:
        await asyncio.gather(*(service.stop() for service in self._services.values()))
        if self._fork_server is not None:
            await self._fork_server.stop()

    async def switch(self, switch: Switch, *, on: bool) -> None:
        """*switch* is on or off, every part is as it should be, and restarted services are healthy or failed.

        Raises:
            UsageError: It cannot be on together with another that is; nothing has changed.
        """
        async with self._switching:
            others = tuple(each for each in self._switches if not each.is_same_fault(switch))
            switches = (*others, switch) if on else others
            before, self._state = self._state, self._desired(switches)
            self._switches = switches
            await self._strike(self._state)
            await _all(*(self._follow(service, before) for service in self._services.values()))
            await self._watch_instances(self._state)

    def _desired(self, switches: Sequence[Switch]) -> Desired:
        assert self._bystander is not None
        state = desired(self._healthy_documents, switches, self._time_scale)
        if state.greedy_bystander:
            self._bystander.refuse_to_be_greedy_elsewhere()
        return state

    def status(self) -> dict[str, Any]:
        """Faults that are on, and what every part is doing."""
        return {
            "faults": [str(switch) for switch in self._switches],
            "services": {
                name: {"state": service.state, "failure": service.failure} for name, service in self._services.items()
            },
            "proxies": {name: proxy.mode for name, proxy in self._proxies.items()},
            "edge_answers": self._edge.answers,
        }

    async def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        match question:
            case {"ask": "status"}:
                return self.status()
            case {"ask": "catalogue"}:
                return {"faults": catalogue_json()}
            case {"ask": "switch", "fault": str(text), "on": bool(on)}:
                await self.switch(parse_fault(text), on=on)
                return self.status()
        raise UsageError(
            "unknown question; allowed: status, catalogue, switch with 'fault' (text) and 'on' (true, false)"
        )

    async def _start_postgresql(self) -> None:
        started = await start_postgresql(self._directory, self._secrets.postgresql_password, os.environ)
        self._postgresql = started
        self._bystander = Bystander(started)
        proxy = self._proxies["postgresql"] = Proxy(started.address, self._passage)
        await proxy.start()
        from ci_tools.twin.services.schema import create  # noqa: PLC0415  while initdb runs, not before it

        await create(f"postgresql://{started.user}:{started.password}@{LOOPBACK}:{proxy.port}/{started.database}")

    async def _start_redis(self) -> None:
        self._redis = await start_redis(self._directory, self._secrets.redis_password, os.environ)
        proxy = self._proxies["redis"] = Proxy(self._redis.address, self._passage)
        await proxy.start()

    async def _start_llm(self) -> None:
        await self._llm.start()
        proxy = self._proxies["llm"] = Proxy(TcpAddress(LOOPBACK, self._llm.port))
        await proxy.start()

    async def _start_edge(self) -> None:
        self._certificates = await asyncio.to_thread(Certificates, tuple(HOSTS), self._directory / "ca.pem")
        await self._edge.start(self._certificates.context, number_of(self._entrance))

    async def _strike(self, state: Desired) -> None:
        """Proxies, edge and bystander are as *state* says; what did not change is not touched."""
        assert self._certificates is not None
        assert self._bystander is not None
        self._edge.allow(state.allowances)
        self._certificates.cover([host for host in HOSTS if host not in state.uncovered])
        self._passage.widen(state.width)
        await self._bystander.switch(greedy=state.greedy_bystander)
        for name, proxy in state.proxies.items():
            await self._proxies[name].switch(proxy.mode, proxy.delay)

    async def _follow(self, service: ServiceProcess, before: Desired) -> None:
        """*service* is as the desired state says, coming from *before*."""
        name, now = service.name, self._state
        watch = self._watches[name]
        if now.documents[name] != before.documents[name]:
            service.write(now.documents[name])
        if name in now.stopped:
            await service.stop()
        elif watch.holds_no_instance and name in now.idle_s:
            return  # whoever asks for it starts it, with the document that is there then
        elif name in before.stopped or watch.holds_no_instance or now.restarts(name, before) or _has_failed(service):
            await self._replace(service)

    async def _replace(self, service: ServiceProcess) -> None:
        """A new process of *service* reads the desired document, and what the platform logged of the one before."""
        assert self._fork_server is not None
        events = tuple(self._watches[service.name].events)
        service.write(self._state.documents[service.name].model_copy(update={"platform_events": events}))
        await service.restart(self._fork_server)

    def _watch(self, service: ServiceProcess) -> PlatformWatch:
        async def start_again() -> None:
            if service.name not in self._state.stopped:
                await self._replace(service)

        pool = self._edge.pools[number_of(self._reserved[service.name])]
        return PlatformWatch(service, pool, self._switching, start_again)

    async def _watch_instances(self, state: Desired) -> None:
        for name, watch in self._watches.items():
            await watch.set(idle_s=state.idle_s.get(name), limit_mib=state.documents[name].memory_limit_mib)

    def _judge_start(self) -> None:
        """A service that no fault has touched must be healthy."""
        for name, service in self._services.items():
            if service.state is ServiceState.FAILED and self._state.documents[name] == self._healthy_documents[name]:
                raise TwinError(f"the twin did not come up: {service.failure}")

    def _layout(self) -> Layout:
        assert self._postgresql is not None
        assert self._redis is not None
        return Layout(
            ports=Ports(
                edge=number_of(self._entrance),
                services={name: number_of(held) for name, held in self._reserved.items()},
                **{name: proxy.port for name, proxy in self._proxies.items()},
            ),
            secrets=replace(
                self._secrets,
                postgresql_password=self._postgresql.password,
                redis_password=self._redis.password,
            ),
            identity=self._identity,
            time_scale=self._time_scale,
            postgresql_user=self._postgresql.user,
            postgresql_database=self._postgresql.database,
        )

    def announcement(self) -> Announcement:
        """Where all of it is to be found once it has started; that is known from the beginning."""
        control = str(self._directory / "control.sock")
        return Announcement(
            pid=os.getpid(),
            directory=str(self._directory),
            control=control,
            environ={
                "TWIN_EDGE_PORT": str(number_of(self._entrance)),
                "TWIN_CA_FILE": str(self._directory / "ca.pem"),
                "TWIN_CONTROL": control,
                "E2E_OAUTH_SIMULATION_KEY": self._secrets.e2e,
            },
            time_scale=self._time_scale,
            revision=self._identity.revision,
        )


def _has_failed(service: ServiceProcess) -> bool:
    return service.state is ServiceState.FAILED


async def _all(*parts: Coroutine[Any, Any, None]) -> None:
    """Every part has finished; the first error is raised after the others were cancelled."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise

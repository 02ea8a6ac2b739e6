"""The nine agents by name."""

from collections.abc import Mapping
from typing import Final

from ci_tools.twin.agents.actions import Actions
from ci_tools.twin.agents.corpus_admin import CorpusAdmin
from ci_tools.twin.agents.data import Data
from ci_tools.twin.agents.data_helper import DataHelper
from ci_tools.twin.agents.desk import Agent
from ci_tools.twin.agents.optimization import Optimization
from ci_tools.twin.agents.reporting import Reporting
from ci_tools.twin.agents.runs import AgentName
from ci_tools.twin.agents.supervisor import Supervisor
from ci_tools.twin.agents.supply_researcher import SupplyResearcher
from ci_tools.twin.agents.triage import Triage

_AGENTS: Final[tuple[Agent, ...]] = (
    Triage(),
    Data(),
    Optimization(),
    Actions(),
    Reporting(),
    SupplyResearcher(),
    CorpusAdmin(),
    DataHelper(),
    Supervisor(),
)
STAFF: Final[Mapping[AgentName, Agent]] = {agent.name: agent for agent in _AGENTS}
CAPABILITIES: Final[Mapping[AgentName, tuple[str, ...]]] = {agent.name: agent.capabilities for agent in _AGENTS}

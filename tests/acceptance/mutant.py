"""What a planted defect is."""

from dataclasses import dataclass
from typing import Final

AUTH: Final = "auth"
WEBSOCKET: Final = "websocket"
AGENTS: Final = "agents"
CONVERSATIONS: Final = "conversations"
RUNS: Final = "runs"
FEATURES: Final = "features"
AREAS: Final = (AUTH, WEBSOCKET, AGENTS, CONVERSATIONS, RUNS, FEATURES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A defect: *original*, which stands once in *module* below ``ci_tools/twin``, becomes *replacement*."""

    area: str
    name: str
    module: str
    original: str
    replacement: str
    breaks: str
    inside: bool = False
    """Only the contract tests notice it: the suites of the deployed system do not look there, or cannot."""

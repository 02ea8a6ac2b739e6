"""What stands on what: the environment's dependency graph, and through what each part is seen."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from ci_tools.model import Phase, ReliabilityGate


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Dependencies by name, each with those without which it does not work, or is not seen."""

    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seen_through: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What a probe has to pass before it sees its own dependency: of several gates the first asks most directly."""

    @classmethod
    def of(cls, edges: Mapping[str, tuple[str, ...]], phases: Iterable[Phase]) -> Self:
        """The graph of *edges*, seen as the gates of *phases* see it."""
        gates = [gate for phase in phases for gate in phase.gates if isinstance(gate, ReliabilityGate)]
        return cls(edges=edges, seen_through={gate.dependency: gate.requires for gate in reversed(gates)})

    def beneath(self, name: str) -> frozenset[str]:
        """Everything without which *name* does not work; not itself."""
        return frozenset(self._reached([name], self.edges)) - {name}

    def stands_on(self, name: str) -> frozenset[str]:
        """Everything that can make *name* look broken: what is beneath it, and what it is seen through.

        What is below that is no part of it: a probe that passes a service says nothing of the service's other needs.
        """
        return (self.beneath(name) | frozenset(self.seen_through.get(name, ()))) - {name}

    def served_by(self, name: str) -> str:
        """Whose code shows *name*: a store that is well is shown wrongly by the service that asks it; else itself."""
        through = self.seen_through.get(name, ())
        return through[-1] if through and through[-1] not in self.beneath(name) else name

    def above(self, name: str) -> frozenset[str]:
        """Everything that does not work without *name*."""
        return frozenset(other for other in self.edges if name in self.beneath(other))

    def chain(self, upper: str, lower: str) -> tuple[str, ...]:
        """The shortest way down from *upper* to *lower*, both included; empty where there is none."""
        came_from: dict[str, str] = {}
        for name in self._reached([upper], self.edges, came_from):
            if name == lower:
                way = [name]
                while way[-1] != upper:
                    way.append(came_from[way[-1]])
                return tuple(reversed(way))
        return ()

    @staticmethod
    def _reached(
        names: Iterable[str], edges: Mapping[str, tuple[str, ...]], came_from: dict[str, str] | None = None
    ) -> list[str]:
        """Everything that the *edges* lead to from *names*, nearest first."""
        waiting = deque(names)
        reached = dict.fromkeys(waiting)
        while waiting:
            name = waiting.popleft()
            for below in edges.get(name, ()):
                if below not in reached:
                    reached[below] = None
                    waiting.append(below)
                    if came_from is not None:
                        came_from[below] = name
        return list(reached)

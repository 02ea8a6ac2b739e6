"""What should be found for each fault of the twin, and how any two relate: ``fault_table.toml``, read and derived."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

TABLE = Path(__file__).with_name("fault_table.toml")
Shows = Literal["startup", "probes", "load", "tests"]


class RelationKind(StrEnum):
    """What two faults that are on together make of the incidents."""

    INDEPENDENT = "independent"
    CONSEQUENCE = "consequence"
    MASKING = "masking"
    EXCLUDED = "excluded"


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectation(_Document):
    """What an expert finds of one fault alone."""

    cause: str
    dependency: str
    dependencies: tuple[str, ...] = ()
    """Further parts that may rightly be named as the place."""
    owner: str
    """The path whose owner in CODEOWNERS has to act."""
    shows: tuple[Shows, ...] = Field(min_length=1)
    words: tuple[str, ...]
    """What is told outside, as regular expressions; none where only times or silence tell."""
    also: tuple[str, ...] = ()
    """Causes that cannot be told apart from outside."""
    breaks: tuple[str, ...]
    seen_from: tuple[tuple[str, ...], ...] = Field(min_length=1)
    may_fail: tuple[str, ...] = Field(min_length=1)
    """Dependencies whose gates may fail."""


class Pair(_Document):
    """A relation that the rule does not tell rightly."""

    faults: tuple[str, str]
    relation: RelationKind
    cause: str | None = None
    masks: str | None = None
    places: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """By fault, further parts that may rightly be named as its place beside the other fault."""
    also: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """By fault, causes that it cannot be told from beside the other fault."""
    reason: str = Field(min_length=10)

    @model_validator(mode="after")
    def _names_what_its_relation_needs(self) -> Self:
        needed = {RelationKind.CONSEQUENCE: self.cause, RelationKind.MASKING: self.masks}
        given = {kind for kind, name in needed.items() if name is not None}
        if given != {self.relation} & set(needed) or any(name not in (*self.faults, None) for name in needed.values()):
            raise ValueError(f"pair {' + '.join(self.faults)}: a consequence names its cause, a masking who masks")
        return self


class Relation(_Document):
    """How two faults relate: *incidents* are the faults that make one each, *hidden* the one that is not seen."""

    kind: RelationKind
    incidents: tuple[str, ...]
    hidden: str | None
    reason: str
    places: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    also: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)


class FaultTable(_Document):
    """Every fault, every capability, and the exceptions."""

    version: int
    independent: str
    capability: Mapping[str, str]
    fault: Mapping[str, Expectation]
    pair: tuple[Pair, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        known = set(self.capability)
        used = {
            name
            for each in self.fault.values()
            for name in (*each.breaks, *(need for view in each.seen_from for need in view))
        }
        if strangers := used - known:
            raise ValueError(f"unknown capabilities: {', '.join(sorted(strangers))}; known: {', '.join(sorted(known))}")
        if idle := known - used:
            raise ValueError(f"capabilities that no fault speaks of: {', '.join(sorted(idle))}")
        named = [name for pair in self.pair for name in pair.faults]
        if strangers := set(named) - set(self.fault):
            raise ValueError(f"pairs of unknown faults: {', '.join(sorted(strangers))}")
        if len({frozenset(pair.faults) for pair in self.pair}) < len(self.pair):
            raise ValueError("a pair is given twice")
        return self

    @classmethod
    def read(cls, text: str) -> Self:
        """The table that the TOML document *text* holds; a ValueError names what is wrong with it."""
        return cls.model_validate(tomllib.loads(text))

    def relation(self, one: str, other: str) -> Relation:
        """How two faults relate, whichever is named first."""
        pair = self._exceptions.get(frozenset((one, other)))
        return self._derived(one, other) if pair is None else _explicit(pair)

    def hides(self, masking: str, masked: str) -> str | None:
        """Why *masked* cannot be seen while *masking* is on; None if it can."""
        lost = set(self.fault[masking].breaks)
        obstacles = [[need for need in view if need in lost] for view in self.fault[masked].seen_from]
        if not all(obstacles):
            return None
        return "; ".join(dict.fromkeys(self.capability[view[0]] for view in obstacles))

    @cached_property
    def _exceptions(self) -> Mapping[frozenset[str], Pair]:
        return {frozenset(pair.faults): pair for pair in self.pair}

    def _derived(self, one: str, other: str) -> Relation:
        for masking, masked in ((one, other), (other, one)):
            reason = self.hides(masking, masked)
            if reason is not None:
                return Relation(kind=RelationKind.MASKING, incidents=(masking,), hidden=masked, reason=reason)
        return Relation(kind=RelationKind.INDEPENDENT, incidents=(one, other), hidden=None, reason=self.independent)


def _explicit(pair: Pair) -> Relation:
    leading = pair.cause or pair.masks
    if leading is None:
        incidents = () if pair.relation is RelationKind.EXCLUDED else pair.faults
        return Relation(
            kind=pair.relation,
            incidents=incidents,
            hidden=None,
            reason=pair.reason,
            places=pair.places,
            also=pair.also,
        )
    hidden = next(name for name in pair.faults if name != leading)
    return Relation(kind=pair.relation, incidents=(leading,), hidden=hidden, reason=pair.reason)


def fault_table() -> FaultTable:
    """The table beside this module."""
    return FaultTable.read(TABLE.read_text(encoding="utf-8"))

"""What ``campaign.toml`` says, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ci_tools.errors import UsageError
from ci_tools.model import Environment, Kpi, Phase
from ci_tools.spec.problems import suggested
from ci_tools.spec.references import resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What counts."""

    inconclusive: Literal["block", "warn"] = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageRules:
    """What issues are told, and when."""

    green_campaigns: int = 2
    """Campaigns in a row in which everything that failed is well, before an issue is closed."""
    new_issues: int = 5
    """At most so many in one run; what is more shares an issue."""
    artifact_days: int = 90
    """How long the evidence of a run is kept."""
    dashboards: Mapping[str, str] = field(default_factory=dict)
    """Dependency, or ``all``, to the page that shows it."""
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Dependency to what belongs to it in the repository, as patterns of CODEOWNERS: who changes that is a suspect."""
    owners: tuple[str, ...] = ()
    """Who may be mentioned; empty: anybody whom CODEOWNERS names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIssue:
    """An issue of people about causes or dependencies: what happens there is told in it."""

    number: int
    causes: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPlan:
    """Phases that are known before the campaign, by name, and the only suites of some of them."""

    name: str
    about: str
    phases: tuple[str, ...]
    only: Mapping[str, tuple[str, ...]]
    budget_s: float | None = None
    """Unscaled; for the whole plan."""
    stop_early: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicePlan:
    """Phase *first*, then *healthy* if it passes, else *unhealthy*."""

    name: str
    about: str
    first: str
    healthy: FixedPlan
    unhealthy: FixedPlan


PlanRule = FixedPlan | ChoicePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """All of one valid file. Every name that it mentions is declared."""

    name: str
    policy: Policy
    dependencies: Mapping[str, tuple[str, ...]]
    """What each part of the deployed system needs itself; free of cycles."""
    environments: Mapping[str, Environment]
    """Raw: texts still hold their ``${VARIABLE}``."""
    phases: tuple[Phase, ...]
    """In the order of their numbers, with their suites and gates."""
    plans: Mapping[str, PlanRule]
    kpis: tuple[Kpi, ...] = ()
    triage: TriageRules = TriageRules()
    known_issues: tuple[KnownIssue, ...] = ()

    def environment(self, name: str, environ: Mapping[str, str]) -> Environment:
        """The environment with every ``${VARIABLE}`` replaced from *environ*.

        Raises:
            UsageError: no such environment, a variable is not set, or what results is no URL.
        """
        return resolved(self.declared(name), environ)

    def declared(self, name: str) -> Environment:
        """The environment as it stands in the file.

        Raises:
            UsageError: no such environment.
        """
        if name not in self.environments:
            known = suggested(name, sorted(self.environments))
            raise UsageError(f"unknown environment {name!r}; known: {known}; see [environments] in campaign.toml")
        return self.environments[name]

"""The shape of ``campaign.toml``: what a table may hold, with the words that editors show."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from ci_tools.spec.environment_documents import EnvironmentDocument
from ci_tools.spec.field_types import (
    Document,
    Link,
    Mention,
    Minutes,
    Name,
    PathPattern,
    Positive,
    Relative,
    Share,
    SuiteChoice,
    Text,
    tag_of,
)
from ci_tools.spec.probe_documents import AnyProbeDocument


class PolicyDocument(Document):
    """What counts."""

    inconclusive: Literal["block", "warn"] = "block"
    """Whether a campaign without a clear answer stops a delivery."""


class PhaseDocument(Document):
    """An ordered part of a campaign."""

    number: Annotated[int, Field(ge=1)]
    """Place in the order, counted from 1."""
    budget_min: Minutes
    """Minutes that the phase may take, unscaled."""


class SuiteDocument(Document):
    """A named set of tests with its value and what it needs."""

    phase: Name
    """The phase that runs it."""
    paths: Annotated[tuple[Relative, ...], Field(min_length=1)]
    """Files, folders or node ids, relative to the folder of campaign.toml."""
    expected: Annotated[int, Field(ge=1)] | None = None
    """Tests that must be collected; fewer is inconclusive."""
    requires: tuple[Name, ...] = ()
    """Dependencies without which the tests say nothing."""
    value: Text
    """What the business loses while the suite fails."""
    loads_system: bool = False
    """Runs alone, after all others."""
    evidence: bool = False
    """A pass counts only with a recorded exchange with the deployed system."""


class GateDocument(Document):
    """What every gate says."""

    phase: Name
    """The phase that is judged by it."""
    dependency: Name
    """The dependency that is at fault when the gate fails."""


class CoverageGateDocument(GateDocument):
    """A share of the planned tests passes."""

    kind: Literal["coverage"]
    """passed / planned, without an interval."""
    suites: Annotated[tuple[Name, ...], Field(min_length=1)]
    """The suites whose tests count."""
    floor: Share
    """The share below which the gate fails; above 0, for what cannot fail is no gate."""
    target: Share | None = None
    """The share that is wished for; only described."""


class ReliabilityGateDocument(GateDocument):
    """A probe is good often enough, by a sequential probability ratio test."""

    kind: Literal["reliability"]
    """Attempts are repeated until the rate is shown to be target or floor."""
    probe: Name
    """The probe that is repeated."""
    requires: tuple[Name, ...] = ()
    """Dependencies without which the probe says nothing of its own."""
    floor: Annotated[float, Field(gt=0, lt=1)]
    """The rate at which the gate fails."""
    target: Annotated[float, Field(gt=0, le=1)]
    """The rate at which the gate holds; 1.0 tolerates no bad attempt."""
    under_s: Positive | None = None
    """An attempt is good only below this latency, in unscaled seconds."""
    target_s: Positive | None = None
    """The latency that is wished for, in unscaled seconds; only described."""
    cap: Annotated[int, Field(ge=1, le=10_000)] = 60
    """Attempts after which the gate cannot tell."""
    holds_back: bool = True
    """Hold back what requires the dependency while the gate fails; false: only if every attempt finds it down."""


AnyGateDocument = Annotated[
    Annotated[CoverageGateDocument, Tag("<coverage>")] | Annotated[ReliabilityGateDocument, Tag("<reliability>")],
    tag_of("kind"),
]


class FixedPlanDocument(Document):
    """Phases that are known before the campaign."""

    about: Text
    """What the plan is for, in a few words."""
    phases: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Phases that it runs."""
    only: dict[Name, Annotated[tuple[Name, ...], Field(min_length=1)]] = Field(default_factory=dict)
    """Phase to the only suites that it runs of it; without an entry, all."""
    budget_min: Minutes | None = None
    """Minutes for the whole plan, unscaled; phases shrink in proportion."""
    stop_early: bool = False
    """End after the first phase that does not pass."""


class ChoicePlanDocument(Document):
    """One phase first; its verdict chooses what follows."""

    about: Text
    """What the plan is for, in a few words."""
    first: Name
    """The phase that runs first."""
    healthy: Name
    """The plan that follows when that phase passes."""
    unhealthy: Name
    """The plan that follows when it does not pass."""


def _plan_tag(table: Any) -> str | None:
    if not isinstance(table, dict):
        return None
    return "<choice>" if table.keys() & {"first", "healthy", "unhealthy"} else "<fixed>"


AnyPlanDocument = Annotated[
    Annotated[FixedPlanDocument, Tag("<fixed>")] | Annotated[ChoicePlanDocument, Tag("<choice>")],
    Discriminator(_plan_tag),
]


class KpiDocument(Document):
    """A figure that people follow over campaigns. It is shown, never judged."""

    about: Text
    """What is followed, in a few words."""
    target: Share | None = None
    """The share that is wished for; this or under_s."""
    under_s: Positive | None = None
    """The latency that is wished for, in unscaled seconds; this or target."""
    gate: Name | None = None
    """The reliability gate whose attempts are counted; this or suites."""
    suites: tuple[SuiteChoice, ...] = ()
    """The suites whose tests are counted; "*" for all. With neither, it is not measured yet."""


class TriageDocument(Document):
    """What GitHub's issues are told, and when."""

    green_campaigns: Annotated[int, Field(ge=1, le=100)] = 2
    """Campaigns in a row in which everything that failed is well, before an issue is closed."""
    new_issues: Annotated[int, Field(ge=1, le=100)] = 5
    """Issues that one run may file; what is more shares one issue."""
    artifact_days: Annotated[int, Field(ge=1, le=400)] = 90
    """Days for which the evidence of a run is kept."""
    dashboards: dict[Name, Link] = Field(default_factory=dict)
    """Dependency, or "all", to the page that shows it."""
    paths: dict[Name, tuple[PathPattern, ...]] = Field(default_factory=dict)
    """Dependency to what belongs to it in the repository, as patterns of CODEOWNERS."""
    owners: tuple[Mention, ...] = ()
    """Who may be mentioned in an issue; without any, everybody whom CODEOWNERS names."""


class KnownIssueDocument(Document):
    """An issue of people: what is known of these causes and dependencies is told there."""

    number: Annotated[int, Field(ge=1)]
    """Number of the issue."""
    causes: tuple[Name, ...] = ()
    """Causes of the knowledge base that it is about; these or dependencies."""
    dependencies: tuple[Name, ...] = ()
    """Dependencies that it is about, whatever the cause."""


class CampaignDocument(Document):
    """Post-deploy verification: where it runs, what runs, and what is asked of it."""

    name: Name = "campaign"
    """Name of the system under test."""
    policy: PolicyDocument = PolicyDocument()
    """What counts, for every campaign."""
    dependencies: dict[Name, tuple[Name, ...]] = Field(default_factory=dict)
    """Part of the deployed system to the parts that it needs."""
    environments: dict[Name, EnvironmentDocument] = Field(default_factory=dict)
    """Where a campaign can run."""
    probes: dict[Name, AnyProbeDocument] = Field(default_factory=dict)
    """Read-only attempts on dependencies."""
    phases: dict[Name, PhaseDocument] = Field(default_factory=dict)
    """Ordered parts of a campaign."""
    suites: dict[Name, SuiteDocument] = Field(default_factory=dict)
    """Named sets of tests."""
    gates: dict[Name, AnyGateDocument] = Field(default_factory=dict)
    """What the evidence must show."""
    plans: dict[Name, AnyPlanDocument] = Field(default_factory=dict)
    """Selections of phases and suites."""
    kpis: dict[Name, KpiDocument] = Field(default_factory=dict)
    """Figures that people follow."""
    triage: TriageDocument = TriageDocument()
    """What issues are told, and when."""
    known_issues: tuple[KnownIssueDocument, ...] = ()
    """Issues of people that are told instead of filing one."""


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``campaign.toml`` for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **CampaignDocument.model_json_schema(),
        "title": "campaign.toml",
    }

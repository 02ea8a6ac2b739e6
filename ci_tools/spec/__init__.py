"""campaign.toml becomes validated values."""

from ci_tools.spec.documents import schema
from ci_tools.spec.parsing import parse
from ci_tools.spec.values import ChoicePlan, FixedPlan, Kpi, Policy, Spec

__all__ = ["ChoicePlan", "FixedPlan", "Kpi", "Policy", "Spec", "parse", "schema"]

"""campaign.toml becomes validated values."""

from ci_tools.spec.documents import schema
from ci_tools.spec.parsing import parse
from ci_tools.spec.values import ChoicePlan, FixedPlan, Policy, Spec

__all__ = ["ChoicePlan", "FixedPlan", "Policy", "Spec", "parse", "schema"]

"""The supplier catalogue and its ranking."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplier:
    """One entry of the catalogue; ``reliability`` is the share of orders on time."""

    name: str
    product: str
    region: str
    unit_price: float
    lead_time_days: int
    reliability: float


CATALOGUE: Final = (
    Supplier(
        name="Aster GPU Hosting",
        product="gpu compute",
        region="eu",
        unit_price=1.92,
        lead_time_days=2,
        reliability=0.97,
    ),
    Supplier(
        name="Basalt Cloud",
        product="gpu compute",
        region="us",
        unit_price=1.64,
        lead_time_days=5,
        reliability=0.91,
    ),
    Supplier(
        name="Cobalt Inference",
        product="model inference",
        region="us",
        unit_price=0.42,
        lead_time_days=1,
        reliability=0.95,
    ),
    Supplier(
        name="Delta Models",
        product="model inference",
        region="eu",
        unit_price=0.36,
        lead_time_days=3,
        reliability=0.93,
    ),
    Supplier(
        name="Ember Storage",
        product="storage",
        region="us",
        unit_price=0.021,
        lead_time_days=1,
        reliability=0.99,
    ),
    Supplier(
        name="Fjord Vaults",
        product="storage",
        region="eu",
        unit_price=0.018,
        lead_time_days=4,
        reliability=0.98,
    ),
    Supplier(
        name="Granite Compute",
        product="gpu compute",
        region="apac",
        unit_price=1.48,
        lead_time_days=14,
        reliability=0.86,
    ),
    Supplier(
        name="Harbor Labelling",
        product="data labelling",
        region="apac",
        unit_price=0.08,
        lead_time_days=7,
        reliability=0.94,
    ),
    Supplier(
        name="Iris Annotation",
        product="data labelling",
        region="eu",
        unit_price=0.11,
        lead_time_days=4,
        reliability=0.97,
    ),
    Supplier(
        name="Juniper Models",
        product="model inference",
        region="apac",
        unit_price=0.29,
        lead_time_days=6,
        reliability=0.88,
    ),
)
PRODUCTS: Final = tuple(sorted({supplier.product for supplier in CATALOGUE}))
REGIONS: Final = tuple(sorted({supplier.region for supplier in CATALOGUE}))
CRITERIA: Final = ("price", "speed", "reliability")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A supplier with its score between 0 and 1 among those it was compared with."""

    supplier: Supplier
    score: float


def matching(*, product: str | None = None, region: str | None = None) -> list[Supplier]:
    """The catalogue's entries for *product* and *region*, in the catalogue's order."""
    return [
        supplier for supplier in CATALOGUE if product in (None, supplier.product) and region in (None, supplier.region)
    ]


def ranked(suppliers: Sequence[Supplier], weights: Mapping[str, float]) -> list[Ranked]:
    """*suppliers*, best first, by the weighted mean of price, speed and reliability; ties by name."""
    prices = _scaled([-supplier.unit_price for supplier in suppliers])
    speeds = _scaled([-float(supplier.lead_time_days) for supplier in suppliers])
    reliabilities = _scaled([supplier.reliability for supplier in suppliers])
    whole = sum(weights[criterion] for criterion in CRITERIA)
    scored = [
        Ranked(supplier=supplier, score=round(_weighted(weights, marks) / whole, 4))
        for supplier, *marks in zip(suppliers, prices, speeds, reliabilities, strict=True)
    ]
    return sorted(scored, key=lambda entry: (-entry.score, entry.supplier.name))


def _weighted(weights: Mapping[str, float], marks: Iterable[float]) -> float:
    return sum(weights[criterion] * mark for criterion, mark in zip(CRITERIA, marks, strict=True))


def _scaled(values: Sequence[float]) -> list[float]:
    low, high = min(values, default=0.0), max(values, default=0.0)
    return [1.0 if high == low else (value - low) / (high - low) for value in values]

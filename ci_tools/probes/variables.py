"""What may be said of a service's required variables: their names and facts, never a value."""

from collections.abc import Mapping
from typing import Any

from ci_tools.model import DependencyState
from ci_tools.probes.clients import Clients
from ci_tools.probes.reading import read, rows, source_of
from ci_tools.probes.sighting import Seen, Sighting
from ci_tools.questions import VariablesProbe

WRONG: Mapping[str, tuple[str, object, str]] = {
    "missing": ("present", False, "is missing"),
    "whitespace": ("has_whitespace", True, "contains whitespace"),
    "placeholder": ("is_placeholder", True, "is a placeholder"),
    "too_short": ("length_ok", False, "is too short"),
}
"""A code and words for each fact that speaks against a variable; the first that does is told."""


async def read_variables(probe: VariablesProbe, clients: Clients) -> list[Seen]:
    """One sighting for each variable that something speaks against; one of all where nothing does."""
    source = source_of(probe, clients)
    variables = rows(await read(probe, clients), probe.under)
    wrong = [seen for variable in variables if (seen := _wrong(variable, probe, source))]
    well = Sighting(state=DependencyState.UP, text=f"nothing speaks against {len(variables)} variables")
    return wrong or [Seen(probe.dependency, well, source)]


def _wrong(variable: Mapping[str, Any], probe: VariablesProbe, source: str) -> Seen | None:
    code = next((code for code, (fact, bad, _) in WRONG.items() if variable.get(fact) is bad), None)
    if code is None:
        return None
    name = str(variable.get("name", ""))
    about = next((dependency for beginning, dependency in probe.about.items() if name.startswith(beginning)), "")
    text = f"variable {name} {WRONG[code][2]}"
    return Seen(about or probe.dependency, Sighting(state=DependencyState.DEGRADED, code=code, text=text), source)

"""The words in which faults are named: ``NAME``, ``NAME:VALUE``, ``NAME@session=SESSION``."""

import difflib
from collections.abc import Iterable

from ci_tools.errors import UsageError
from ci_tools.twin.catalogue import CATALOGUE
from ci_tools.twin.conflicts import refuse_conflicts
from ci_tools.twin.effects import SESSION, Fault, Switch


def parse_fault(text: str) -> Switch:
    """The switch that *text* names: ``NAME[:VALUE][@session=SESSION]``.

    Raises:
        UsageError: The name is unknown, the number or the scope is malformed, or the fault takes none.
    """
    named, scoped, scope = text.partition("@")
    name, valued, value = named.partition(":")
    fault = CATALOGUE.get(name)
    if fault is None:
        raise UsageError(_unknown(name))
    return Switch(
        fault,
        _session(text, fault, scope) if scoped else None,
        _value(text, fault, value) if valued else None,
    )


def parse_faults(texts: Iterable[str]) -> tuple[Switch, ...]:
    """The switches that *texts* name, each once, in their order.

    Raises:
        UsageError: One of them is unknown or malformed, or two cannot be on together.
    """
    switches = tuple({str(switch): switch for switch in map(parse_fault, texts)}.values())
    refuse_conflicts(switches)
    return switches


def catalogue_json() -> list[dict[str, str]]:
    """The catalogue as plain data: name, cause, dependency and summary of every fault."""
    return [
        {"name": fault.name, "cause": fault.cause, "dependency": fault.dependency, "summary": fault.summary}
        for fault in CATALOGUE.values()
    ]


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, CATALOGUE, n=1)
    meant = f"; did you mean '{near[0]}'?" if near else ""
    return f"unknown fault '{name}'{meant}; known: {', '.join(sorted(CATALOGUE))}"


def _session(text: str, fault: Fault, scope: str) -> str:
    key, _, session = scope.partition("=")
    if key != "session" or not SESSION.fullmatch(session):
        raise UsageError(
            f"malformed scope in fault '{text}'; allowed: {fault.name}@session=SESSION, "
            "where SESSION is the tests' X-Test-Session header (1 to 128 visible ASCII characters)"
        )
    if not fault.scopable:
        scopable = ", ".join(sorted(each.name for each in CATALOGUE.values() if each.scopable))
        raise UsageError(
            f"fault '{fault.name}' strikes everyone and cannot be scoped to session '{session}'; "
            f"scopable: {scopable}. Switch it without '@session='"
        )
    return session


def _value(text: str, fault: Fault, value: str) -> float:
    parameter = fault.parameter
    if parameter is None:
        valued = ", ".join(sorted(each.name for each in CATALOGUE.values() if each.parameter))
        raise UsageError(f"fault '{fault.name}' takes no number, as in '{text}'; those that take one: {valued}")
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not parameter.least <= number <= parameter.most:
        raise UsageError(
            f"malformed number in fault '{text}'; allowed: {fault.name}:VALUE, "
            f"where VALUE is {parameter.unit} from {parameter.least:g} to {parameter.most:g}"
        )
    return number

"""Tools that compute from their parameters alone."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from ci_tools.twin.agents import expression, ordering, schemas, selection, series, text, units
from ci_tools.twin.agents.failures import AgentInputError, ToolParametersError
from ci_tools.twin.agents.ports import Caller
from ci_tools.twin.agents.tools import Call, Tool

Parameters = Mapping[str, Any]


def _pure(compute: Callable[[Parameters], Any]) -> Call:
    async def call(given: Parameters, _caller: Caller) -> Any:
        try:
            return compute(given)
        except AgentInputError as error:
            raise ToolParametersError(str(error)) from error
        except OverflowError as error:
            raise ToolParametersError(f"no finite result: {error}; give smaller numbers") from error

    return call


def _calculated(given: Parameters) -> Any:
    return {"value": expression.evaluate(given["expression"])}


def _described(given: Parameters) -> Any:
    return asdict(series.summarise(given["values"]))


def _converted(given: Parameters) -> Any:
    return {"value": units.convert(given["value"], given["from_unit"], given["to_unit"]), "unit": given["to_unit"]}


def _analysed(given: Parameters) -> Any:
    body = given["text"]
    return {
        "words": len(text.words(body)),
        "sentences": len(text.sentences(body)),
        "keywords": text.keywords(body),
        "entities": asdict(text.entities(body)),
    }


def _planned(given: Parameters) -> Any:
    options = [selection.Option(**{**o, "requires": tuple(o.get("requires", ()))}) for o in given["options"]]
    found = selection.cheapest(options, needed=given["needed"], budget=given.get("budget"))
    return {"feasible": found is not None, "selection": None if found is None else asdict(found)}


def _sorted(given: Parameters) -> Any:
    steps = [ordering.Step(**{**step, "after": tuple(step.get("after", ()))}) for step in given["steps"]]
    return {"order": [step.name for step in ordering.ordered(steps)]}


_OPTION = schemas.parameters(
    {"name": schemas.NAME, "cost": schemas.AMOUNT, "value": schemas.AMOUNT, "requires": schemas.NAMES},
    optional=("requires",),
)
_STEP = schemas.parameters(
    {"name": schemas.NAME, "priority": {"enum": list(ordering.PRIORITIES)}, "after": schemas.NAMES},
    optional=("priority", "after"),
)

TOOLS: Final = (
    Tool(
        name="calculator",
        description="Evaluate an arithmetic expression.",
        category="computation",
        parameters=schemas.parameters(
            {"expression": {"type": "string", "minLength": 1, "maxLength": expression.LENGTH_LIMIT}}
        ),
        call=_pure(_calculated),
    ),
    Tool(
        name="statistics",
        description="Describe a series of numbers: centre, spread, trend, outliers.",
        category="computation",
        parameters=schemas.parameters({"values": schemas.NUMBERS}),
        call=_pure(_described),
    ),
    Tool(
        name="unit_convert",
        description="Convert a value between two units of one dimension.",
        category="computation",
        parameters=schemas.parameters(
            {"value": {"type": "number"}, "from_unit": schemas.NAME, "to_unit": schemas.NAME}
        ),
        call=_pure(_converted),
    ),
    Tool(
        name="text_analysis",
        description="Count the words and sentences of a text; find its keywords and entities.",
        category="analysis",
        parameters=schemas.parameters({"text": schemas.TEXT}),
        call=_pure(_analysed),
    ),
    Tool(
        name="cheapest_plan",
        description="Find the cheapest set of options that gives the needed value within a budget.",
        category="planning",
        parameters=schemas.parameters(
            {
                "options": schemas.listing(_OPTION, limit=selection.OPTIONS_LIMIT),
                "needed": schemas.AMOUNT,
                "budget": {"type": ["number", "null"], "minimum": 0},
            },
            optional=("budget",),
        ),
        call=_pure(_planned),
    ),
    Tool(
        name="order_steps",
        description="Put steps in an order that respects their dependencies, then their priority.",
        category="planning",
        parameters=schemas.parameters({"steps": schemas.listing(_STEP, limit=50)}),
        call=_pure(_sorted),
    ),
)

"""The door through which another process sees what the double remembers, and switches it."""

import json
from collections import deque
from dataclasses import fields
from typing import Any

from tests.doubles.github import documents
from tests.doubles.github.call import Answer
from tests.doubles.github.double import GitHub
from tests.doubles.github.switches import Fault, Switches

CONTROL = "/_double/"
"""GitHub has no such path."""


def controlled(github: GitHub, verb: str, path: str, content: bytes) -> Answer:
    """``GET state``, ``PATCH switches`` with some of them, ``POST issues`` as if filed on the site."""
    document = json.loads(content) if content else {}
    try:
        match (verb, path.removeprefix(CONTROL)):
            case ("GET", "state"):
                return Answer(_state(github))
            case ("PATCH", "switches"):
                switch(github.switches, document)
                return Answer({})
            case ("POST", "issues"):
                return Answer({"number": github.file(**{**document, "labels": tuple(document.get("labels", ()))})}, 201)
            case _:
                return Answer(documents.error("known: GET state, PATCH switches, POST issues"), 404)
    except (TypeError, ValueError) as error:
        return Answer(documents.error(str(error)), 422)


def switch(switches: Switches, changes: dict[str, Any]) -> None:
    """*switches* with *changes*.

    Raises:
        ValueError: there is no such switch.
    """
    known = {field.name for field in fields(Switches)}
    if unknown := set(changes) - known:
        raise ValueError(f"unknown switches {sorted(unknown)}; known: {', '.join(sorted(known))}")
    faults = {verb_path: Fault(**fault) for verb_path, fault in changes.get("fault_at", {}).items()}
    read = {
        **changes,
        **({"faults": deque(Fault(**fault) for fault in changes["faults"])} if "faults" in changes else {}),
        **({"fault_at": faults} if faults else {}),
        **({"hidden_from_lists": set(changes["hidden_from_lists"])} if "hidden_from_lists" in changes else {}),
    }
    for name, value in read.items():
        setattr(switches, name, value)


def _state(github: GitHub) -> dict[str, Any]:
    return {
        "issues": list(github.issues.values()),
        "comments": {str(number): said for number, said in github.comments.items()},
        "timelines": {str(number): seen for number, seen in github.repository.timelines.items()},
        "deployments": {str(number): told for number, told in github.repository.deployments.items()},
        "asked": github.asked,
        "violations": github.violations,
    }

import json
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from ci_tools import model, questions
from ci_tools.spec import documents, environment_documents, probe_documents, schema
from ci_tools.spec.field_types import Document

ROOT = Path(__file__).parents[3]


def test_the_schema_is_one() -> None:
    """The schema is valid JSON Schema of 2020-12, which it names."""
    Draft202012Validator.check_schema(schema())

    assert schema()["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


def test_the_stored_schema_is_fresh() -> None:
    """Editors see the schema that the code has.

    ``python -c 'import json; from ci_tools.spec import schema; print(json.dumps(schema(), indent=2))'``
    writes it anew.
    """
    stored = json.loads((ROOT / "docs/schema/campaign.schema.json").read_text())

    assert stored == schema()


def test_the_schema_accepts_a_sound_file(small: str) -> None:
    """What is read is valid under the schema too."""
    errors = list(Draft202012Validator(schema()).iter_errors(tomllib.loads(small)))

    assert errors == []


@pytest.mark.parametrize(
    ("old", "new"),
    [("expected = 3", "expcted = 3"), ('kind = "token"', 'kind = "tokn"'), ("floor = 0.8", "floor = 80")],
)
def test_the_schema_refuses_what_is_refused(small: str, old: str, new: str) -> None:
    """An editor marks an unknown key, an unknown kind and a number out of range."""
    with pytest.raises(ValidationError):
        Draft202012Validator(schema()).validate(tomllib.loads(small.replace(old, new)))


def test_every_field_is_described() -> None:
    """An editor has words for every key."""
    tables: list[dict[str, Any]] = [schema(), *schema()["$defs"].values()]
    undescribed = [
        f"{table['title']}.{name}"
        for table in tables
        for name, field in table["properties"].items()
        if not field.get("description")
    ]

    assert undescribed == []


@pytest.mark.parametrize(
    ("document", "value"),
    [
        (environment_documents.TimeoutsDocument, model.Timeouts),
        (environment_documents.SocketLimitsDocument, model.SocketLimits),
        (environment_documents.EdgeLimitDocument, model.EdgeLimit),
        (environment_documents.BypassKeyDocument, model.BypassKey),
        (environment_documents.RegisterLoginDocument, model.RegisterLogin),
        (environment_documents.ReadyTokenDocument, model.ReadyToken),
        (environment_documents.DeploymentDocument, model.DeploymentSource),
        (environment_documents.EnvironmentDocument, model.Environment),
        (probe_documents.HttpJsonProbeDocument, questions.HttpJsonProbe),
        (probe_documents.TcpProbeDocument, questions.TcpProbe),
        (probe_documents.TlsProbeDocument, questions.TlsProbe),
        (probe_documents.WebSocketProbeDocument, questions.WebSocketProbe),
        (probe_documents.TokenProbeDocument, questions.TokenProbe),
        (probe_documents.CommandProbeDocument, questions.CommandProbe),
        (documents.SuiteDocument, model.Suite),
        (documents.CoverageGateDocument, model.CoverageGate),
        (documents.ReliabilityGateDocument, model.ReliabilityGate),
        (documents.KpiDocument, model.Kpi),
    ],
)
def test_a_table_has_the_fields_of_its_value(document: type[Document], value: type[Any]) -> None:
    """Whatever a value can say, the file can say, and nothing else but the phase it stands in."""
    assert set(document.model_fields) - {"phase"} == {field.name for field in fields(value)} - {"name"}

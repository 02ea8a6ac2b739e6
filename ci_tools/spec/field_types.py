"""The kinds of value that stand in ``campaign.toml``, each said in words where it can be missed."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, StringConstraints
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

from ci_tools.texts import MENTION

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
VARIABLE_PATTERN = r"^[A-Z_][A-Z0-9_]*$"
ABSOLUTE_PATTERN = r"^/\S*$"
RELATIVE_PATTERN = r"^[^/\s]"
SUITE_PATTERN = r"^(?:[a-z][a-z0-9_]*|\*)$"
LINK_PATTERN = r"^https?://[A-Za-z0-9./_:%?=&,;~+-]{1,500}$"
MENTION_PATTERN = f"^{MENTION}$"
OWNED_PATTERN = r"^/?[^\s#/][^\s#]{0,199}$"
TEXT_PATTERN = r"\S"

_LONGEST_PATH = 500
_WEEK_MIN = 7 * 24 * 60

IN_WORDS = {
    NAME_PATTERN: "lower-case letters, digits and _, beginning with a letter",
    VARIABLE_PATTERN: "the name of an environment variable in capitals, never its value",
    ABSOLUTE_PATTERN: "a path that begins with / and holds no space",
    RELATIVE_PATTERN: "a path relative to the folder of campaign.toml, without ../",
    SUITE_PATTERN: 'the name of a suite, or "*" for all',
    LINK_PATTERN: "a link with scheme http or https, without spaces, quotes, brackets and #",
    MENTION_PATTERN: "@USER or @ORGANISATION/TEAM, as CODEOWNERS mentions them",
    OWNED_PATTERN: "a pattern as in CODEOWNERS, without spaces: /infra/redis/",
    TEXT_PATTERN: "a text that is not empty",
}
"""Each pattern that a text can miss, as a person would say it."""


def _scalar(value: Any) -> Any:
    if isinstance(value, (str, int, float)):
        return value
    raise PydanticCustomError("scalar", "a string, a number or a boolean")


def _inside(path: str) -> str:
    if ".." in path.partition("::")[0].split("/"):
        raise PydanticCustomError("inside", IN_WORDS[RELATIVE_PATTERN])
    parts = path.partition("::")[0].split("/")
    if any("**" in part and part != "**" for part in parts):
        raise PydanticCustomError("inside", '"**" only as a whole part of a path, as in tests/**/test_*.py')
    if not path.isprintable():
        raise PydanticCustomError("inside", "a path of printable characters")
    return path


Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Variable = Annotated[str, StringConstraints(pattern=VARIABLE_PATTERN)]
Absolute = Annotated[str, StringConstraints(pattern=ABSOLUTE_PATTERN, max_length=_LONGEST_PATH)]
Relative = Annotated[
    str, StringConstraints(pattern=RELATIVE_PATTERN, max_length=_LONGEST_PATH), AfterValidator(_inside)
]
SuiteChoice = Annotated[str, StringConstraints(pattern=SUITE_PATTERN)]
Link = Annotated[str, StringConstraints(pattern=LINK_PATTERN)]
Mention = Annotated[str, StringConstraints(pattern=MENTION_PATTERN)]
PathPattern = Annotated[str, StringConstraints(pattern=OWNED_PATTERN)]
Text = Annotated[str, StringConstraints(pattern=TEXT_PATTERN)]
Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e9)]
Minutes = Annotated[float, Field(gt=0, le=_WEEK_MIN)]
Scalar = Annotated[Any, AfterValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean"]})]


class Document(BaseModel):
    """A table of the file: no unknown keys, no coercion, unchangeable."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        model_title_generator=lambda model: model.__name__.removesuffix("Document"),
    )


def tag_of(field: str) -> Discriminator:
    """Choose a union's member by the table's own *field*.

    Tags stand in angle brackets so that they never look like a key of the file in an error's path.
    """
    return Discriminator(lambda table: f"<{table.get(field)}>" if isinstance(table, dict) else None)

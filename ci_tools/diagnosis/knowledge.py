"""The knowledge base: what each cause looks like, what looks like it, and what puts it right. Data, validated here.

The data stands in ``ci_tools/diagnosis/knowledge.toml``; a cause is added there, and nowhere else.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from operator import attrgetter
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.diagnosis.literals import required
from ci_tools.errors import SpecError
from ci_tools.model import DependencyState

CONFIRMING = 7
"""A sign of this weight tells its cause from every rival; less only makes it likelier."""

_REMEMBERED = 200_000
"""Answers of expressions about texts that are kept: one outage says the same a thousand times."""


def _compiles(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


Expression = Annotated[str, AfterValidator(_compiles)]
"""A regular expression of :mod:`re`, searched for without regard to case, ``.`` matching line ends, too."""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sign(_Document):
    """What one clue has to be like. Everything that is given must hold."""

    says: str
    """What it means that there is such a clue, as part of a sentence for people."""
    weight: int = Field(default=4, ge=1, le=9)
    """How much it says; from :data:`CONFIRMING` on it discriminates."""
    origin: tuple[Origin, ...] = ()
    dependency: tuple[str, ...] = ()
    probe: tuple[str, ...] = ()
    state: tuple[DependencyState, ...] = ()
    code: tuple[str, ...] = ()
    text: Expression | None = None
    unless: Expression | None = None
    """Not if the text has this."""
    exc_type: Expression | None = None
    test: Expression | None = None
    frame: Expression | None = None
    latency_s: tuple[float, float] | None = None
    """Unscaled seconds, from and to."""
    timed_out: bool | None = None
    accepted: bool | None = None
    at_least: int = Field(default=1, ge=1)
    """So many clues have to be like that."""
    place: str = ""
    """The dependency at which it shows the cause; empty: the one that the clue is about."""
    own: bool = False
    """A test that says so fails of its own, whatever else is down: no outage brings that about."""

    def matches(self, clue: Clue) -> bool:
        """Whether *clue* is like that."""
        for holds in self.conditions:  # noqa: SIM110 - by far the most frequent question; a generator doubles its time
            if not holds(clue):
                return False
        return True

    @cached_property
    def conditions(self) -> tuple[Callable[[Clue], bool], ...]:
        """What has to hold, as far as it is given; the quickest to ask first."""
        fields = (self.origin, self.dependency, self.probe, self.state, self.code)
        asked = [
            *(_among(name, allowed) for name, allowed in zip(_LISTED, fields, strict=True) if allowed),
            *([_is("timed_out", self.timed_out)] if self.timed_out is not None else []),
            *([_is("accepted", self.accepted)] if self.accepted is not None else []),
            *([_within(*self.latency_s)] if self.latency_s is not None else []),
        ]
        texts = (self.exc_type, self.test, self.frame, self.text)
        asked += [
            _reads(name, expression) for name, expression in zip(_READ, texts, strict=True) if expression is not None
        ]
        return tuple(asked if self.unless is None else [*asked, _reads_not(self.unless)])

    def found_in(self, clues: Iterable[Clue]) -> tuple[Clue, ...]:
        """The clues that are like that; none where they are too few."""
        found = tuple(clue for clue in clues if self.matches(clue))
        return found if len(found) >= self.at_least else ()


class Rival(_Document):
    """Another cause that looks alike, and what separates the two."""

    cause: str
    separates: str
    """For people: what would be seen if it were that one, or what rules it out."""
    ruled_out_by: tuple[Sign, ...] = ()
    """Any of these, once seen, rules it out."""


class Brings(_Document):
    """Another cause that this one looks like elsewhere, because it brings it about."""

    cause: str
    says: str
    """How, for people."""
    within: bool = False
    """Only in what the same service tells: what another one tells of it, too, has a cause of its own."""
    above: bool = False
    """Only at its own place, and in what stands on that."""


class Remedy(_Document):
    """One step that puts it right. A proposal: nothing is carried out."""

    about: str
    command: str = ""


class ExampleClue(_Document):
    """A clue as an example gives it."""

    origin: Origin = Origin.FAILURE
    dependency: str = ""
    probe: str = ""
    state: DependencyState | None = None
    code: str = ""
    text: str = ""
    exc_type: str = ""
    test: str = ""
    frame: str = ""
    latency_s: float | None = None
    timed_out: bool = False
    accepted: bool = False
    at: datetime | None = None
    times: int = 1
    """So many alike."""


class Role(StrEnum):
    """What an entry is, if it is no cause of its own."""

    CAUSE = "cause"
    CONSEQUENCE = "consequence"
    """Of another failure in the same run."""
    HARMLESS = "harmless"
    UNKNOWN = "unknown"


class Cause(_Document):
    """All that is known of one cause."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    role: Role = Role.CAUSE
    summary: str
    """One sentence for people: what is wrong."""
    dependencies: tuple[str, ...] = ()
    """Where it can strike; empty: anywhere."""
    owner: str = ""
    """The dependency whose owner in CODEOWNERS puts it right; empty: that of the dependency it struck."""
    shared: bool = False
    """It strikes many places at once: seen at several, it is one."""
    signs: tuple[Sign, ...] = ()
    """What clues of a campaign have to be like: observations, facts, lines of a log."""
    words: tuple[Sign, ...] = ()
    """What the text of a failure has to be like, where nobody could ask."""
    rivals: tuple[Rival, ...] = ()
    brings: tuple[Brings, ...] = ()
    met: tuple[Sign, ...] = ()
    """What a test says that has run into it, whenever it ran: an instance that ends comes back before anybody looks."""
    because: str = ""
    """How such a thing usually comes about; inferred, never observed."""
    remedy: tuple[Remedy, ...] = ()
    verification: str = ""
    """What shows that it was put right."""
    looks_like: tuple[str, ...] = ()
    """What it may look like elsewhere in the same run, by id, where only texts tell."""
    fires: tuple[tuple[ExampleClue, ...], ...] = ()
    """Evidence on which the cause is named."""
    silent: tuple[tuple[ExampleClue, ...], ...] = ()
    """Evidence that looks alike, and on which it is not named."""

    @cached_property
    def by_weight(self) -> tuple[Sign, ...]:
        """Its words, heaviest first."""
        return tuple(sorted(self.words, key=lambda sign: -sign.weight))


class Knowledge(_Document):
    """Every cause that is known."""

    version: int
    cause: tuple[Cause, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [cause.id for cause in self.cause]
        doubled = sorted({one for one in ids if ids.count(one) > 1})
        if doubled:
            raise ValueError(f"a cause is given twice: {', '.join(doubled)}")
        named = {rival.cause for cause in self.cause for rival in cause.rivals}
        _known(named, ids, "a rival")
        _known({one.cause for cause in self.cause for one in cause.brings}, ids, "what is brought about")
        _known({one for cause in self.cause for one in cause.looks_like}, ids, "what it looks like")
        for role in Role:
            holders = [cause.id for cause in self.cause if cause.role is role]
            if role is not Role.CAUSE and len(holders) != 1:
                raise ValueError(
                    f"one entry has to have the role {role.value!r}, these have: {', '.join(holders) or 'none'}"
                )
        return self

    @cached_property
    def causes(self) -> Mapping[str, Cause]:
        """By id, in the order of the file."""
        return {cause.id: cause for cause in self.cause}

    def of_its_own(self, clue: Clue) -> str:
        """The id of the cause that *clue* speaks for, whatever else is down; empty if of none."""
        own = (cause.id for cause in self.cause for sign in cause.signs if sign.own and sign.matches(clue))
        return next(own, "")

    def of_role(self, role: Role) -> Cause:
        """The first entry that has *role*."""
        return next(cause for cause in self.cause if cause.role is role)


def _known(named: set[str], ids: list[str], what: str) -> None:
    strangers = sorted(named - set(ids))
    if strangers:
        raise ValueError(f"{what} is no cause here: {', '.join(strangers)}; known: {', '.join(sorted(ids))}")


def parse(text: str, source: str = "knowledge.toml") -> Knowledge:
    """The knowledge that the TOML document *text* holds.

    Raises:
        SpecError: it is no TOML, or not as it has to be; the message names the place.
    """
    try:
        return Knowledge.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{source}: {error}") from error
    except ValidationError as error:
        raise SpecError("\n".join(f"{source}: {_place(text, one)}: {one['msg']}" for one in error.errors())) from error


def _place(text: str, problem: Any) -> str:
    """The entry by its id: a number of a list helps nobody."""
    location = list(problem["loc"])
    if location[:1] == ["cause"] and len(location) > 1 and isinstance(location[1], int):
        entry = tomllib.loads(text)["cause"][location[1]]
        location[:2] = [f"cause {entry.get('id', location[1])!r}"]
    return ", ".join(str(part) for part in location) or "the document"


_LISTED = ("origin", "dependency", "probe", "state", "code")
_READ = ("exc_type", "test", "frame", "text")


def _among(name: str, allowed: tuple[object, ...]) -> Callable[[Clue], bool]:
    field = attrgetter(name)
    return lambda clue: field(clue) in allowed


def _is(name: str, wanted: bool) -> Callable[[Clue], bool]:  # noqa: FBT001 - the value to compare with
    return lambda clue: getattr(clue, name) is wanted


def _within(least: float, most: float) -> Callable[[Clue], bool]:
    return lambda clue: clue.latency_s is not None and least <= clue.latency_s <= most


def _reads(name: str, expression: str) -> Callable[[Clue], bool]:
    field = attrgetter(name)
    return lambda clue: _search(expression, field(clue))


def _reads_not(expression: str) -> Callable[[Clue], bool]:
    return lambda clue: not _search(expression, clue.text)


_CASED = "(?-i:"
_SPELLED = re.compile(r"\\.|\(\?P<\w+>|[A-Z]+", re.DOTALL)


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    """*expression* for a text in lower case, which is searched three times as fast as a text in any case."""
    if _CASED in expression:
        return re.compile(expression, re.IGNORECASE | re.DOTALL)
    return re.compile(
        _SPELLED.sub(lambda part: part[0].lower() if part[0].isalpha() else part[0], expression), re.DOTALL
    )


@lru_cache(maxsize=_REMEMBERED)
def _search(expression: str, text: str) -> bool:
    literals = _required(expression)
    if literals:
        lower = _lower(text)
        for literal in literals:
            if literal in lower:
                break
        else:
            return False
    return _compiled(expression).search(text if _CASED in expression else _lower(text)) is not None


_required = cache(required)


@lru_cache(maxsize=64)
def _lower(text: str) -> str:
    return text.lower()

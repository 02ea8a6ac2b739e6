"""An incident in words: one line for a table, a section for a page, a whole story for whoever is woken by it."""

from collections.abc import Iterable, Sequence

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.diagnosis.incidents import UNKNOWN, Incident, Proof, RuledOut
from ci_tools.diagnosis.knowledge import Remedy
from ci_tools.report.inert import details, line, markdown

_MAX_LISTED = 8
_MAX_STAKES = 3
_LINE = 400


def headline(incident: Incident) -> str:
    """Which part of the system fails, of what, and how sure that is."""
    sure = "" if incident.certainty is Certainty.UNKNOWN else f" ({incident.certainty.value})"
    return f"{incident.id}: {incident.summary}{sure}"


def owners(incident: Incident) -> str:
    """Who has to know."""
    return ", ".join(incident.owners) or "nobody: no CODEOWNERS file names an owner"


def impact(incident: Incident) -> str:
    """How much it takes along."""
    parts = [
        _counted(len(incident.failed), "test fails", "tests fail"),
        _counted(len(incident.blocked), "test is held back", "tests are held back"),
        _counted(len(incident.masked), "gate cannot tell", "gates cannot tell"),
    ]
    return ", ".join(filter(None, parts)) or "no test fails of it"


def step(remedy: Remedy) -> str:
    """What to do, and with which command."""
    return f"{remedy.about}: {remedy.command}" if remedy.command else remedy.about


def next_step(incident: Incident) -> str:
    """What to do first; where no remedy is known, where to look."""
    if incident.remedy:
        return step(incident.remedy[0])
    return f"look at {incident.dependency} itself: no cause is known, hence no remedy"


def since(incident: Incident) -> str:
    """When it was first and last seen."""
    if incident.first_seen is None or incident.last_seen is None:
        return "a time that nobody recorded"
    return f"{incident.first_seen:%Y-%m-%d %H:%M:%S} UTC, last seen {incident.last_seen:%H:%M:%S}"


def explanation(incident: Incident) -> str:
    """The whole incident in plain words, for a terminal; harmless there."""
    sections = [
        [line(headline(incident), _LINE)],
        _facts(incident),
        _section("What shows it", _listed([_proof(proof) for proof in incident.evidence])),
        _section("What it is not", [_rival(rival) for rival in incident.rivals if rival.by]),
        _section("Not ruled out", [_rival(rival) for rival in incident.rivals if not rival.by]),
        _section("What follows from it", [f"{one.dependency}: {one.says}" for one in incident.consequences]),
        _section("Why", [f"{why.question} {why.answer} [{_known(observed=why.observed)}]" for why in incident.whys]),
        _section("How it spreads", [f"{one.lower} → {one.upper}: {one.effect}" for one in incident.cascade]),
        _section("What puts it right", [step(one) for one in incident.remedy]),
        _section("How that shows", [incident.verification] if incident.verification else []),
        _section("Failing because of it", _listed(incident.failed)),
        _section("Held back because of it", _listed(incident.blocked)),
        _section("Masked by it", _listed(incident.masked)),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def page(incidents: Sequence[Incident]) -> str:
    """The incidents as sections of a Markdown page, what to do first at the top of each; empty without any."""
    return "\n\n".join(map(_page, incidents))


def _page(incident: Incident) -> str:
    facts = {
        "next": next_step(incident),
        "since": since(incident),
        "owner": owners(incident),
        "impact": impact(incident),
        "at stake": _at_stake(incident),
        "shown by": _proof(incident.evidence[0]) if incident.evidence else "",
    }
    rows = [f"- **{name}** {markdown(fact, _LINE)}" for name, fact in facts.items() if fact]
    more = [
        *_bullets("Then", [step(one) for one in incident.remedy[1:]]),
        *_bullets("It is right again when", [incident.verification] if incident.verification else []),
        *_bullets("Also shown by", [_proof(proof) for proof in incident.evidence[1:4]]),
        *_bullets("Ruled out", [_rival(rival) for rival in incident.rivals if rival.by]),
    ]
    folded = [details("more of it", "\n\n".join(more))] if more else []
    return "\n\n".join([f"## {markdown(headline(incident), _LINE)}", "\n".join(rows), *folded])


def _bullets(title: str, texts: Sequence[str]) -> list[str]:
    return ["\n".join([f"{title}:", "", *(f"- {markdown(text, _LINE)}" for text in texts)])] if texts else []


def _facts(incident: Incident) -> list[str]:
    value = _at_stake(incident)
    return [
        f"  next      {line(next_step(incident), _LINE)}",
        f"  owner     {line(owners(incident))}"
        + (f" ({line(incident.owned_because)})" if incident.owned_because else ""),
        f"  cause     {_cause(incident)}",
        f"  impact    {impact(incident)}",
        f"  since     {since(incident)}",
        *([f"  at stake  {line(value, _LINE)}"] if value else []),
    ]


def _cause(incident: Incident) -> str:
    where = line(incident.dependency)
    if incident.cause == UNKNOWN:
        return f"{UNKNOWN}, at {where}"
    return f"{line(incident.cause)} at {where}, {incident.certainty.value}"


def _at_stake(incident: Incident) -> str:
    more = len(incident.value) - _MAX_STAKES
    return "; ".join(incident.value[:_MAX_STAKES]) + (f"; and {more} more" if more > 0 else "")


def _section(title: str, texts: Iterable[str]) -> list[str]:
    rows = [f"  - {line(text, _LINE)}" for text in texts]
    return [title, *rows] if rows else []


def _listed(names: Sequence[str]) -> list[str]:
    more = [f"… and {len(names) - _MAX_LISTED} more in test_results.json"] if len(names) > _MAX_LISTED else []
    return [*names[:_MAX_LISTED], *more]


def _proof(proof: Proof) -> str:
    sure = " — this tells it from everything else" if proof.discriminates else ""
    return f"{proof.says}{sure}: “{proof.text}” ({proof.ref})"


def _rival(rival: RuledOut) -> str:
    ruled = f" (ruled out by {', '.join(rival.by[:3])})" if rival.by else ""
    return f"{rival.cause}: {rival.separates}{ruled}"


def _known(*, observed: bool) -> str:
    return "observed" if observed else "inferred"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}" if count else ""

"""How an incident stands now: the one part of a page that every campaign renews, between marks of its own."""

from datetime import datetime, timedelta

from ci_tools.escalation.urgency import Urgency
from ci_tools.escalation.watching import told_by
from ci_tools.report.inert import markdown
from ci_tools.report.wording import counted
from ci_tools.triage.details import Context
from ci_tools.triage.state import Occasion, State

_BEGIN = "<!-- ci-tools:now -->"
_END = "<!-- ci-tools:/now -->"
_URGENCY = "Urgency"
_WATCHED = "Heartbeats"


def status(state: State, context: Context, urgency: Urgency | None = None) -> str:
    """Urgency, times, counters and where to look; without *urgency* the one that stands."""
    facts = {
        _URGENCY: _urgency(state, urgency),
        "Since": f"{when(state.first_bad)}; {_times(state)}",
        "Last seen": when(state.last_bad) if state.n_bad > 1 else "",
        "Last good": _good(state, context),
        _WATCHED: _heartbeats(state),
        "Deployment": _deployment(context),
        "Faults switched on on purpose": markdown(", ".join(context.judgement.faults)),
        "Look": ", ".join(_links(state, context)),
    }
    rows = "\n".join(_row(name, fact) for name, fact in facts.items() if fact)
    return f"{_BEGIN}\n{rows}\n{_END}"


def _row(name: str, fact: str) -> str:
    return f"- **{name}:** {fact}"


def watched(shown: str, state: State, urgency: str = "") -> str:
    """What was *shown*, with what heartbeats have seen since, and with another *urgency* if one is given."""
    start, end = shown.find(_BEGIN), shown.find(_END)
    now = shown[start + len(_BEGIN) : end] if 0 <= start < end else ""
    replaced = [_WATCHED, *([_URGENCY] if urgency else [])]
    kept = [row for row in now.splitlines() if row and not row.startswith(tuple(_row(name, "") for name in replaced))]
    first = [_row(_URGENCY, urgency)] if urgency else []
    told = _heartbeats(state)
    rows = "\n".join([*first, *kept, *([_row(_WATCHED, told)] if told else [])])
    return renewed(shown, f"{_BEGIN}\n{rows}\n{_END}")


def _heartbeats(state: State) -> str:
    watch = state.watch
    found = ""
    if watch is not None and watch.since is not None:
        closes = "" if watch.is_bad else ", which closes nothing: only campaigns run what failed"
        found = f"found {'bad' if watch.is_bad else 'well'} since {watch.since:%Y-%m-%d %H:%M} UTC{closes}"
    proofs = [f"{one.says}, {one.proof}" for one in told_by(state.timers)] if watch else []
    return "; ".join(filter(None, (found, *proofs)))


def renewed(shown: str, now: str) -> str:
    """What was *shown*, with how it stands *now*."""
    start, end = shown.find(_BEGIN), shown.find(_END)
    return f"{now}\n\n{shown}" if start < 0 or end < start else shown[:start] + now + shown[end + len(_END) :]


def when(seen: Occasion) -> str:
    """Time, deployment and campaign of an occasion."""
    at = f"{seen.at:%Y-%m-%d %H:%M} UTC" if seen.at else "an unknown time"
    revision = f" on {markdown(seen.revision, 100)}" if seen.revision else ""
    return f"{at}{revision} (campaign {markdown(seen.campaign, 100)})"


def _urgency(state: State, urgency: Urgency | None) -> str:
    stands = f"**{state.severity}**"
    if state.labelled is None or urgency is None:
        return stands if urgency is None else f"{stands}, {markdown(urgency.reason, 300)}"
    if urgency.severity != state.severity:
        return f"{stands}, as it has been; in this campaign {urgency.severity}, {markdown(urgency.reason, 300)}"
    return f"{stands}, {markdown(urgency.reason, 300)}"


def _times(state: State) -> str:
    times = f"seen in {counted(state.n_bad, 'campaign')}"
    first, last = state.first_bad.at, state.last_bad.at
    return times + (f" over {_spoken(last - first)}" if first and last and last > first else "")


def _spoken(duration: timedelta) -> str:
    hours = int(duration.total_seconds()) // 3600
    if hours >= 48:  # noqa: PLR2004 - two days
        return counted(hours // 24, "day")
    return counted(hours, "hour") if hours else counted(int(duration.total_seconds()) // 60, "minute")


def _good(state: State, context: Context) -> str:
    if state.last_good is None:
        return ""
    green = f"; {state.n_green} of {context.green_campaigns} good campaigns in a row" if state.n_green else ""
    return f"{when(state.last_good)}{green}"


def _deployment(context: Context) -> str:
    deployed = context.judgement.deployment
    if deployed is None:
        return "unidentified"
    return markdown(deployed.revision, 100) + (f" ({markdown(deployed.sha, 40)})" if deployed.sha else "")


def _links(state: State, context: Context) -> list[str]:
    dashboards = context.dashboards
    shown = [(name, dashboards[name]) for name in dict.fromkeys((state.dependency, "all")) if name in dashboards]
    run = [f"[run]({context.run_url}) with its artifact{_until(context)}"] if context.run_url else []
    return [*run, *(f"[dashboard {markdown(name)}]({url})" for name, url in shown)]


def _until(context: Context) -> str:
    finished: datetime | None = context.judgement.finished_at
    return f", kept until {finished + timedelta(days=context.artifact_days):%Y-%m-%d}" if finished else ""

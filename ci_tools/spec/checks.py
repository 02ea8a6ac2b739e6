"""What no table can know alone: references, cycles, overlaps, and gates that could never hold.

Each check reads only sections whose tables are sound, so that one mistake is reported once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from ci_tools.spec import campaign_checks, environment_checks, triage_checks
from ci_tools.spec.documents import CampaignDocument
from ci_tools.spec.problems import Problem

Check = Callable[[CampaignDocument], Iterable[Problem]]


def cross_checks(document: CampaignDocument, broken: frozenset[str]) -> list[Problem]:
    """Every contradiction in *document* between sections that are not *broken*."""
    return [
        problem
        for check, sections in CHECKS.items()
        if not broken.intersection(sections)
        for problem in check(document)
    ]


def _nothing_to_run(document: CampaignDocument) -> Iterator[Problem]:
    for section in ("environments", "phases", "plans"):
        if not getattr(document, section):
            yield Problem(path=(section,), what="none is declared", got="nothing", legal="at least one")


CHECKS: Mapping[Check, tuple[str, ...]] = {
    _nothing_to_run: ("environments", "phases", "plans"),
    environment_checks.check_dependencies: ("dependencies",),
    environment_checks.check_hosts: ("environments",),
    environment_checks.check_probes: ("environments", "probes"),
    campaign_checks.check_observed_dependencies: ("dependencies", "environments", "probes", "gates"),
    campaign_checks.check_required_dependencies: ("dependencies", "suites", "gates"),
    campaign_checks.check_phase_numbers: ("phases",),
    campaign_checks.check_phases_in_use: ("phases", "suites", "gates"),
    campaign_checks.check_suite_paths: ("suites",),
    campaign_checks.check_gates: ("gates",),
    campaign_checks.check_gated_suites: ("gates", "suites"),
    campaign_checks.check_gated_probes: ("gates", "probes", "environments"),
    campaign_checks.check_gates_without_suites: ("gates", "suites", "phases"),
    campaign_checks.check_plans: ("plans", "phases"),
    campaign_checks.check_planned_suites: ("plans", "suites"),
    campaign_checks.check_kpis: ("kpis",),
    campaign_checks.check_counted: ("kpis", "gates", "suites"),
    triage_checks.check_dashboards: ("triage", "dependencies"),
    triage_checks.check_paths: ("triage", "dependencies"),
    triage_checks.check_known_issues: ("known_issues", "dependencies"),
}
"""Each check and the sections it reads."""

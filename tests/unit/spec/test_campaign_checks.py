from collections.abc import Callable

import pytest

CONTRADICTIONS = {
    "a plan narrowed to a suite of a phase without any": (
        'phases = ["first"]\nonly = { first = ["smoke"] }',
        'phases = ["first", "second"]\nonly = { second = ["smoke"] }',
        "78: plans.short.only.second[0]: unknown suite of phase 'second'; got 'smoke'; legal: none is declared",
    ),
    "a probe on a dependency that is not declared": (
        'kind = "token"\ndependency = "api"',
        'kind = "token"\ndependency = "login"',
        "34: probes.login.dependency: unknown dependency; got 'login'; legal: api, database, edge",
    ),
    "a gate on a dependency that is not declared": (
        'kind = "coverage"\ndependency = "api"',
        'kind = "coverage"\ndependency = "apis"',
        "67: gates.smoke.dependency: unknown dependency; got 'apis'; legal: api, database, edge; did you mean 'api'?",
    ),
    "a suite that requires what is not declared": (
        'requires = ["api"]',
        'requires = ["redis"]',
        "48: suites.smoke.requires[0]: unknown dependency; got 'redis'; legal: api, database, edge",
    ),
    "a gate that requires what is not declared": (
        'probe = "api"',
        'probe = "api"\nrequires = ["redis"]',
        "61: gates.api.requires[0]: unknown dependency; got 'redis'; legal: api, database, edge",
    ),
    "a gate that requires what it judges": (
        'probe = "api"',
        'probe = "api"\nrequires = ["api"]',
        (
            "61: gates.api.requires[0]: the gate could never fail: it is held back while its own dependency is down; "
            "got 'api'; legal: what its probe sees it through"
        ),
    ),
    "two phases of one number": (
        "number = 2",
        "number = 1",
        "41: phases.first.number: declared twice; got 1; legal: 1, 2",
    ),
    "a gap between phases": (
        "number = 2",
        "number = 3",
        "37: phases.second.number: leaves a gap; got 3; legal: 1, 2",
    ),
    "a suite of an unknown phase": (
        '[suites.orders]\nphase = "first"',
        '[suites.orders]\nphase = "frist"',
        "52: suites.orders.phase: unknown phase; got 'frist'; legal: first, second; did you mean 'first'?",
    ),
    "a path of two suites": (
        '"tests/test_orders.py"',
        '"tests/test_smoke.py"',
        (
            "53: suites.orders.paths[0]: already a path of suite 'smoke'; got 'tests/test_smoke.py'; "
            "legal: every test in one suite"
        ),
    ),
    "a floor above the target": (
        "floor = 0.8",
        "floor = 0.8\ntarget = 0.7",
        "69: gates.smoke.floor: above the target; got floor 0.8, target 0.7; legal: floor at most target",
    ),
    "a sequential test without a question": (
        "target = 1.0",
        "target = 0.9",
        (
            "61: gates.api.floor: equal to the target; got 0.9 for both; "
            "legal: a floor below the target: the test decides between the two"
        ),
    ),
    "a cap under which the sequential test cannot accept": (
        "target = 1.0",
        "target = 1.0\ncap = 27",
        "63: gates.api.cap: too few attempts to show 1 rather than 0.9; got 27; legal: at least 28",
    ),
    "a gate on an unknown suite": (
        'suites = ["smoke"]',
        'suites = ["smoek"]',
        (
            "68: gates.smoke.suites[0]: unknown suite of phase 'first'; got 'smoek'; legal: orders, smoke; "
            "did you mean 'smoke'?"
        ),
    ),
    "a gate on an unknown probe": (
        'probe = "api"',
        'probe = "apis"',
        "60: gates.api.probe: unknown probe; got 'apis'; legal: api, login, socket; did you mean 'api'?",
    ),
    "a gate on a probe that one environment leaves out": (
        'probes = ["api", "socket", "login"]',
        'probes = ["socket"]',
        "60: gates.api.probe: not a probe of environment 'there'; got 'api'; legal: socket",
    ),
    "a gate that no plan would ever judge": (
        '[gates.api]\nphase = "first"',
        '[gates.api]\nphase = "second"',
        (
            "57: gates.api.phase: would never be judged: its phase has no suite, so no plan runs it; got 'second'; "
            "legal: first"
        ),
    ),
    "a plan of an unknown phase": (
        'phases = ["first", "second"]',
        'phases = ["first", "third"]',
        "73: plans.all.phases[1]: unknown phase; got 'third'; legal: first, second",
    ),
    "a plan that narrows a phase which it does not run": (
        'only = { first = ["smoke"] }',
        'only = { second = ["smoke"] }',
        "78: plans.short.only.second: unknown phase of the plan; got 'second'; legal: first",
    ),
    "a plan of an unknown suite": (
        'only = { first = ["smoke"] }',
        'only = { first = ["order"] }',
        (
            "78: plans.short.only.first[0]: unknown suite of phase 'first'; got 'order'; legal: orders, smoke; "
            "did you mean 'orders'?"
        ),
    ),
    "a choice after an unknown phase": (
        'first = "first"\n',
        'first = "frst"\n',
        "84: plans.auto.first: unknown phase; got 'frst'; legal: first, second; did you mean 'first'?",
    ),
    "a choice that leads to a choice": (
        'healthy = "all"\nunhealthy',
        'healthy = "auto"\nunhealthy',
        "85: plans.auto.healthy: unknown plan with phases; got 'auto'; legal: all, short",
    ),
    "a figure without a wish": (
        "target = 0.9\nsuites",
        "suites",
        "93: kpis.overall: needs one wish; got neither; legal: either target or under_s",
    ),
    "a figure with two wishes": (
        "under_s = 1.0",
        "under_s = 1.0\ntarget = 0.5",
        "88: kpis.api: needs one wish; got both; legal: either target or under_s",
    ),
    "a figure that counts attempts and tests": (
        'suites = ["*"]',
        'suites = ["*"]\ngate = "api"',
        "93: kpis.overall: counts two things; got gate and suites; legal: either gate or suites",
    ),
    "a latency of tests": (
        "target = 0.9\nsuites",
        "under_s = 2\nsuites",
        "96: kpis.overall.suites: tests have no latency of their own; got ['*']; legal: a gate",
    ),
    "a figure of an unknown gate": (
        'gate = "api"',
        'gate = "smoke"',
        "91: kpis.api.gate: unknown reliability gate; got 'smoke'; legal: api",
    ),
    "a figure of an unknown suite": (
        'suites = ["*"]',
        'suites = ["smoke", "buy"]',
        "96: kpis.overall.suites[1]: unknown suite; got 'buy'; legal: orders, smoke",
    ),
    "a gate on a probe that cannot be sampled": (
        'kind = "http_json"\ndependency = "api"\nhost = "api"\npath = "/health"\nexpect = { status = ["ok", "fine"] }',
        'kind = "dns"\ndependency = "api"\nhosts = ["api"]',
        (
            "58: gates.api.probe: probe 'api' is of a kind that tells several things of one look; got 'dns'; "
            "legal: a probe of kind command, http_json, tcp, tls, token, websocket"
        ),
    ),
}


@pytest.mark.parametrize(("old", "new", "said"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_a_contradiction_is_named(refusal: Callable[..., str], old: str, new: str, said: str) -> None:
    """A contradiction is the file's only problem, with its line, its value and what is legal."""
    assert refusal(old, new) == f"campaign.toml:{said}"

from collections.abc import Callable

import pytest

KINDS = (
    "anonymous, checks, clock, command, conversation, dns, errors, http_json, load, session, store, tcp, tls, token, "
    "variables, websocket"
)

SHAPES = {
    "an unknown key": (
        "expected = 3",
        "expcted = 3",
        (
            "47: suites.smoke.expcted: unknown key; got 'expcted'; "
            "legal: evidence, expected, loads_system, paths, phase, requires, value; did you mean 'expected'?"
        ),
    ),
    "an unknown key like no other": (
        "expected = 3",
        "zzz = 3",
        (
            "47: suites.smoke.zzz: unknown key; got 'zzz'; "
            "legal: evidence, expected, loads_system, paths, phase, requires, value"
        ),
    ),
    "an unknown key of a union's member": (
        'probe = "api"',
        'probe = "api"\nceiling = 1',
        (
            "61: gates.api.ceiling: unknown key; got 'ceiling'; "
            "legal: cap, dependency, floor, holds_back, kind, phase, probe, requires, target, target_s, under_s"
        ),
    ),
    "an unknown key of an optional table": (
        'revision = "revision" }',
        'revision = "revision", colour = "red" }',
        (
            "12: environments.here.deployment.colour: unknown key; got 'colour'; "
            "legal: dependency, host, path, revision, sha"
        ),
    ),
    "an unknown key in an array": (
        "rate_per_min = 60 }",
        "rate_per_min = 60, brust = 3 }",
        (
            "10: environments.here.limits[0].brust: unknown key; got 'brust'; legal: burst, path_prefix, rate_per_min; "
            "did you mean 'burst'?"
        ),
    ),
    "an unknown section": (
        'name = "shop"',
        'name = "shop"\nphase = {}',
        (
            "2: phase: unknown key; got 'phase'; legal: dependencies, environments, gates, known_issues, kpis, name, "
            "phases, plans, policy, probes, suites, triage; did you mean 'phases'?"
        ),
    ),
    "a missing key": (
        'value = "nobody can buy"\n',
        "",
        (
            "44: suites.smoke.value: required, but missing; got nothing; legal: "
            "What the business loses while the suite fails"
        ),
    ),
    "a missing kind": (
        'kind = "token"\n',
        "",
        (f"32: probes.login.kind: required, but missing; got nothing; legal: {KINDS}"),
    ),
    "an unknown kind": (
        'kind = "token"',
        'kind = "tokn"',
        (f"33: probes.login.kind: unknown kind; got 'tokn'; legal: {KINDS}; did you mean 'token'?"),
    ),
    "an unknown strategy": (
        'strategy = "bypass_key"',
        'strategy = "bypass"',
        (
            "11: environments.here.auth.strategy: unknown strategy; got 'bypass'; "
            "legal: bypass_key, none, ready_token, register_login; did you mean 'bypass_key'?"
        ),
    ),
    "something else instead of a table": (
        '[probes.login]\nkind = "token"\ndependency = "api"',
        '[probes]\nlogin = "token"',
        "33: probes.login: not allowed; got 'token'; legal: a table",
    ),
    "something else instead of a plan": (
        '[plans.all]\nabout = "everything"\nphases = ["first", "second"]',
        "[plans]\nall = 3",
        "72: plans.all: not allowed; got 3; legal: a table",
    ),
    "a text instead of an array": (
        'phases = ["first", "second"]',
        'phases = "first"',
        "73: plans.all.phases: not allowed; got 'first'; legal: an array",
    ),
    "a table of something else": (
        'deployment = { host = "api", path = "/info", revision = "revision" }',
        "deployment = 3",
        "12: environments.here.deployment: not allowed; got 3; legal: a table",
    ),
    "a value that is none of a few": (
        'name = "shop"',
        'name = "shop"\npolicy = { inconclusive = "pass" }',
        "2: policy.inconclusive: not allowed; got 'pass'; legal: 'block' or 'warn'",
    ),
    "a number out of its range": (
        "floor = 0.8",
        "floor = 80",
        "69: gates.smoke.floor: not allowed; got 80; legal: less than or equal to 1",
    ),
    "a gate that cannot fail": (
        "floor = 0.8",
        "floor = 0",
        "69: gates.smoke.floor: not allowed; got 0; legal: greater than 0",
    ),
    "attempts without end": (
        'probe = "api"',
        'probe = "api"\ncap = 10001',
        "61: gates.api.cap: not allowed; got 10001; legal: less than or equal to 10000",
    ),
    "a phase of more than a week": (
        "budget_min = 5",
        "budget_min = 10081",
        "42: phases.first.budget_min: not allowed; got 10081; legal: less than or equal to 10080",
    ),
    "a plan of more than a week": (
        "budget_min = 2\nstop",
        "budget_min = 1e300\nstop",
        "79: plans.short.budget_min: not allowed; got 1e+300; legal: less than or equal to 10080",
    ),
    "a path beyond reading": (
        'path = "/health"',
        f'path = "/{500 * "x"}"',
        (f"23: probes.api.path: not allowed; got '/{77 * 'x'}…; legal: at most 500 characters"),
    ),
    "a wildcard within a part of a path": (
        'paths = ["tests/test_smoke.py"]',
        'paths = ["tests/**.py"]',
        (
            "46: suites.smoke.paths[0]: not allowed; got 'tests/**.py'; "
            'legal: "**" only as a whole part of a path, as in tests/**/test_*.py'
        ),
    ),
    "a path with a character that no file name shows": (
        'paths = ["tests/test_smoke.py"]',
        'paths = ["tests/\\u0000.py"]',
        "46: suites.smoke.paths[0]: not allowed; got 'tests/\\x00.py'; legal: a path of printable characters",
    ),
    "a number that is none": (
        "budget_min = 5",
        "budget_min = nan",
        "42: phases.first.budget_min: not allowed; got nan; legal: a finite number",
    ),
    "a text where a number belongs": (
        "expected = 3",
        'expected = "3"',
        "47: suites.smoke.expected: not allowed; got '3'; legal: a whole number",
    ),
    "a boolean where a number belongs": (
        "budget_min = 5",
        "budget_min = true",
        "42: phases.first.budget_min: not allowed; got true; legal: a number",
    ),
    "an array without an entry": (
        'suites = ["smoke"]',
        "suites = []",
        "68: gates.smoke.suites: not allowed; got []; legal: at least 1 item",
    ),
    "a table without an entry": (
        'hosts = { api = "https://shop.example", socket = "wss://shop.example/ws" }',
        "hosts = {}",
        "15: environments.there.hosts: not allowed; got {}; legal: at least 1 item",
    ),
    "an entry that is not allowed": (
        'paths = ["tests/test_smoke.py"]',
        'paths = ["/tests"]',
        (
            "46: suites.smoke.paths[0]: not allowed; got '/tests'; "
            "legal: a path relative to the folder of campaign.toml, without ../"
        ),
    ),
    "a path that leaves its folder": (
        'paths = ["tests/test_smoke.py"]',
        'paths = ["tests/../../test_smoke.py"]',
        (
            "46: suites.smoke.paths[0]: not allowed; got 'tests/../../test_smoke.py'; "
            "legal: a path relative to the folder of campaign.toml, without ../"
        ),
    ),
    "a name that is none": (
        "[phases.second]",
        "[phases.Second]",
        (
            "36: phases.Second: not allowed; got 'Second'; "
            "legal: lower-case letters, digits and _, beginning with a letter"
        ),
    ),
    "an expected value that is none": (
        'status = ["ok", "fine"]',
        'status = ["ok", {}]',
        "24: probes.api.expect.status[1]: not allowed; got {}; legal: a string, a number or a boolean",
    ),
    "a long value": (
        'welcome = ""',
        f"welcome = [{', '.join(['1'] * 60)}]",
        f"30: probes.socket.welcome: not allowed; got {str([1] * 60)[:79]}…; legal: a string",
    ),
    "the name of a variable that is none": (
        'token_env = "SHOP_BEARER"',
        'token_env = "hunter2-hunter2"',
        (
            "16: environments.there.auth.token_env: not allowed; got a value of 15 characters; "
            "legal: the name of an environment variable in capitals, never its value"
        ),
    ),
}


@pytest.mark.parametrize(("old", "new", "said"), SHAPES.values(), ids=SHAPES.keys())
def test_a_wrong_shape_is_named(refusal: Callable[..., str], old: str, new: str, said: str) -> None:
    """A wrong shape is the file's only problem, with its line, its value and what is legal."""
    assert refusal(old, new) == f"campaign.toml:{said}"

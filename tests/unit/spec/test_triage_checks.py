import pytest

from ci_tools.errors import SpecError
from ci_tools.spec import parse
from ci_tools.spec.values import KnownIssue, TriageRules


def test_without_a_word_of_it_triage_is_as_usual(small: str) -> None:
    """Two good campaigns close, five new issues a run, evidence for ninety days."""
    spec = parse(small, "campaign.toml")

    assert spec.triage == TriageRules(green_campaigns=2, new_issues=5, artifact_days=90)
    assert spec.known_issues == ()


def test_what_issues_are_told_is_read(small: str) -> None:
    """Rules, dashboards, whom to mention, and what is known."""
    more = """
[triage]
green_campaigns = 3
new_issues = 2
artifact_days = 30
owners = ["@acme/shop", "@octocat"]
dashboards = { api = "https://grafana.example/d/1?orgId=1", all = "https://grafana.example" }
paths = { api = ["/app/api/", "deploy/*.tf"] }

[[known_issues]]
number = 1278
causes = ["network_route"]
dependencies = ["api"]
"""
    spec = parse(small + more, "campaign.toml")

    assert spec.triage == TriageRules(
        green_campaigns=3,
        new_issues=2,
        artifact_days=30,
        owners=("@acme/shop", "@octocat"),
        dashboards={"api": "https://grafana.example/d/1?orgId=1", "all": "https://grafana.example"},
        paths={"api": ("/app/api/", "deploy/*.tf")},
    )
    assert spec.known_issues == (KnownIssue(number=1278, causes=("network_route",), dependencies=("api",)),)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "[triage]\ngreen_campaigns = 0",
            "triage.green_campaigns: not allowed; got 0; legal: greater than or equal to 1",
        ),
        ('[triage]\nowners = ["acme/shop"]', "triage.owners[0]: not allowed; got 'acme/shop'; legal: @USER or @ORG"),
        (
            '[triage]\ndashboards = { ap = "https://x.example" }',
            "triage.dashboards.ap: unknown dependency; got 'ap'; legal: all, api",
        ),
        ('[triage]\ndashboards = { api = "javascript:x" }', "triage.dashboards.api: not allowed; got 'javascript:x'"),
        ('[triage]\npaths = { ap = ["x"] }', "triage.paths.ap: unknown dependency; got 'ap'; legal: api"),
        (
            '[triage]\npaths = { api = ["a b"] }',
            "triage.paths.api[0]: not allowed; got 'a b'; legal: a pattern as in CODEOWNERS, without spaces",
        ),
        ("[[known_issues]]\nnumber = 7", "known_issues[0]: about nothing; got #7 alone; legal: causes or dependencies"),
        (
            '[[known_issues]]\nnumber = 7\ndependencies = ["apo"]',
            "known_issues[0].dependencies[0]: unknown dependency; got 'apo'; legal: api",
        ),
        (
            '[[known_issues]]\nnumber = 7\ncauses = ["x"]\n[[known_issues]]\nnumber = 8\ncauses = ["x"]',
            "known_issues[1].causes[0]: already told in #7; got 'x'; legal: one issue for each",
        ),
    ],
)
def test_what_cannot_stand_is_named_with_its_line(small: str, more: str, said: str) -> None:
    """Line, key, value and the legal values."""
    with pytest.raises(SpecError) as refused:
        parse(f"{small}\n{more}\n", "campaign.toml")

    lines = len(small.splitlines())
    assert said in str(refused.value)
    assert int(str(refused.value).split(":")[1]) > lines

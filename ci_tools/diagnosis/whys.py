"""Five whys: from the verdict down to how such a thing comes about, each link observed or inferred."""

from collections.abc import Sequence

from ci_tools.diagnosis.findings import Finding
from ci_tools.diagnosis.graph import Graph
from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.diagnosis.incidents import Link, Proof, Why

_TOLD = 3


def whys(
    finding: Finding,
    *,
    proofs: Sequence[Proof],
    failed: int,
    blocked: int,
    struck: Sequence[str],
    masked: Sequence[str],
) -> tuple[Why, ...]:
    """The chain for *finding*; *struck* are the other dependencies that fail because of it."""
    name = finding.dependency
    return (
        Why(question="why is the campaign no pass?", answer=_symptoms(name, failed, blocked, masked), observed=True),
        Why(
            question="why do they fail?" if failed or blocked else "why can they not tell?",
            answer=_cascade(name, struck),
            observed=not struck,
        ),
        Why(question=f"why does {name} fail?", answer=_words(proofs), observed=bool(proofs)),
        Why(
            question="why does that happen?",
            answer=_cause(finding),
            observed=finding.certainty is Certainty.CONFIRMED,
        ),
        Why(question="why could that come about?", answer=_because(finding), observed=False),
    )


def cascade(finding: Finding, graph: Graph, masked: Sequence[str]) -> tuple[Link, ...]:
    """Every dependency above or behind *finding*, by the edge through which it is hit."""
    hit = [*dict.fromkeys(one.dependency for one in finding.consequences)]
    effects = dict.fromkeys(hit, "failing") | {name: "masked" for name in masked if name not in hit}
    effects |= {name: "at risk" for name in sorted(graph.above(finding.dependency)) if name not in effects}
    effects.pop(finding.dependency, None)
    return tuple(
        Link(lower=_nearest(name, finding.dependency, effects, graph), upper=name, effect=effect)
        for name, effect in effects.items()
    )


def _nearest(name: str, root: str, hit: dict[str, str], graph: Graph) -> str:
    """What *name* stands on directly that is hit, too; the root where nothing in between is."""
    below = graph.edges.get(name, ())
    return root if root in below else next((one for one in below if one in hit), root)


def _symptoms(name: str, failed: int, blocked: int, masked: Sequence[str]) -> str:
    parts = [
        f"{failed} {'test fails' if failed == 1 else 'tests fail'}" if failed else "",
        f"{blocked} {'is' if blocked == 1 else 'are'} held back" if blocked else "",
        f"{len(masked)} {'gate' if len(masked) == 1 else 'gates'} cannot tell" if masked else "",
    ]
    return ", ".join(filter(None, parts)) or f"{name} fails its probe"


def _cascade(name: str, struck: Sequence[str]) -> str:
    if not struck:
        return f"they need {name}, which fails"
    return f"{', '.join(struck)} {'stands' if len(struck) == 1 else 'stand'} on {name}, which fails"


def _words(proofs: Sequence[Proof]) -> str:
    strongest = sorted(proofs, key=lambda proof: not proof.discriminates)
    told = list(dict.fromkeys(proof.text or proof.says for proof in strongest))[:_TOLD]
    return "; ".join(told) or "no probe says"


def _cause(finding: Finding) -> str:
    if finding.hypothesis is None:
        return "unknown: nothing that was seen tells one cause from another"
    return finding.hypothesis.cause.summary


def _because(finding: Finding) -> str:
    known = finding.hypothesis.cause.because if finding.hypothesis else ""
    return known or "unknown: the knowledge base does not say how it usually comes about"

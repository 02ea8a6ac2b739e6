"""Whether a campaign shows that what failed is well: every gate, every test and every probe of it, executed."""

from ci_tools.model import GateState, Outcome, Verdict
from ci_tools.triage.seen import Seen
from ci_tools.triage.state import State, digest, digests, short


def is_green(state: State, seen: Seen) -> bool:
    """Whether all that failed was executed in *seen* and is well; without anything to go by, a pass is needed."""
    judgement = seen.judgement
    if judgement.verdict is Verdict.INCONCLUSIVE:
        return False
    evidence = state.evidence
    if judgement.verdict is not Verdict.PASS and not (evidence.gates or evidence.tests or evidence.probes):
        return False
    return _gates_hold(state, seen) and _tests_pass(state, seen) and _probes_are_well(state, seen)


def _gates_hold(state: State, seen: Seen) -> bool:
    held = {short(one.gate.name) for one in seen.judgement.gates if one.state is GateState.HOLDS and one.n}
    return held.issuperset(state.evidence.gates)


def _tests_pass(state: State, seen: Seen) -> bool:
    tests = seen.judgement.tests
    if not state.evidence.is_whole:
        return bool(tests) and all(test.outcome is Outcome.PASSED for test in tests)
    if not state.evidence.tests:
        return True
    return {digest(test.node_id) for test in tests if test.outcome is Outcome.PASSED}.issuperset(
        digests(state.evidence.tests)
    )


def _probes_are_well(state: State, seen: Seen) -> bool:
    return all(seen.is_well(probe, state.dependency) for probe in state.evidence.probes)

"""Planted defects of the twin, as data: one exact text of one module and what stands there instead.

Each is small enough to pass a review, and breaks something that the contract promises. A text that is
no longer in its module makes the test fail with that message: then the defect is to be planted anew.
"""

import shutil
from pathlib import Path
from typing import Final

from tests.acceptance import mutants_of_features, mutants_of_foundations
from tests.acceptance.mutant import AGENTS, AREAS, AUTH, CONVERSATIONS, FEATURES, RUNS, WEBSOCKET, Mutant

__all__ = ["AREAS", "CONTRACT_TESTS", "MUTANTS", "SUITES", "Mutant", "copy_of", "occurrences", "plant"]

MUTANTS: Final = (*mutants_of_foundations.MUTANTS, *mutants_of_features.MUTANTS)
CONTRACT_TESTS: Final = {
    AUTH: ("test_contract_auth.py", "test_contract_doors.py", "test_contract_tokens.py"),
    WEBSOCKET: ("test_contract_websocket.py", "test_contract_agent_events.py"),
    AGENTS: ("test_contract_agent_events.py", "test_contract_agents.py", "test_contract_cancellation.py"),
    CONVERSATIONS: ("test_contract_threads.py", "test_contract_agent_events.py", "test_contract_websocket.py"),
    RUNS: ("test_contract_agents.py", "test_contract_cancellation.py"),
    FEATURES: (
        "test_contract_tools.py",
        "test_contract_user.py",
        "test_contract_corpus.py",
        "test_contract_auth.py",
        "test_contract_doors.py",
    ),
}
"""The files below ``tests/contract`` that look at an area."""
SUITES: Final = {
    AUTH: ("test_staging_authentication_validation.py", "test_staging_redis_validation.py"),
    WEBSOCKET: (
        "test_staging_websocket_validation.py",
        "test_staging_connectivity_validation.py",
        "test_staging_agent_validation.py",
    ),
    AGENTS: ("test_staging_agent_validation.py", "test_staging_websocket_validation.py"),
    CONVERSATIONS: (
        "test_priority1_critical_REAL.py",
        "test_2_message_flow_staging.py",
        "test_9_coordination_staging.py",
        "test_priority2_high.py",
    ),
    RUNS: (
        "test_3_agent_pipeline_staging.py",
        "test_5_response_streaming_staging.py",
        "test_6_failure_recovery_staging.py",
        "test_priority1_critical_REAL.py",
    ),
    FEATURES: (
        "test_priority2_high.py",
        "test_8_lifecycle_events_staging.py",
        "test_staging_oauth_authentication.py",
    ),
}
"""The files below ``tests/e2e/staging`` that look at an area of the deployed system."""


def occurrences(mutant: Mutant, root: Path) -> int:
    """How often the text that the defect replaces stands in its module below *root*."""
    return _module(mutant, root).read_text(encoding="utf-8").count(mutant.original)


def plant(mutant: Mutant, copy: Path) -> None:
    """*copy*, a copy of the repository, has the defect.

    Raises:
        LookupError: its original text does not stand exactly once in its module.
    """
    found = occurrences(mutant, copy)
    if found != 1:
        raise LookupError(
            f"the text that mutant {mutant.name!r} replaces stands {found} times in ci_tools/twin/{mutant.module}, "
            f"not once; plant the defect anew in tests/acceptance/mutants_of_*.py: {mutant.original!r}"
        )
    module = _module(mutant, copy)
    module.write_text(module.read_text(encoding="utf-8").replace(mutant.original, mutant.replacement), encoding="utf-8")


def _module(mutant: Mutant, root: Path) -> Path:
    return root / "ci_tools" / "twin" / mutant.module


def copy_of(root: Path, into: Path) -> Path:
    """A copy of what a twin, its contract tests and its suites need."""
    leave_out = shutil.ignore_patterns("__pycache__")
    for folder in ("ci_tools", "tests/contract", "tests/e2e"):
        shutil.copytree(root / folder, into / folder, ignore=leave_out)
    for file in ("pyproject.toml", "campaign.toml"):
        shutil.copy(root / file, into / file)
    return into

"""Why a run or a tool call ends without the result that was asked for.

The text is what the user reads in ``agent_error`` or in the error envelope; ``code`` is for programs.
"""

from ci_tools.errors import TwinError


class AgentFailureError(TwinError):
    """A run or tool call that cannot give its result."""

    code = "AGENT_FAILED"


class ModelUnavailableError(AgentFailureError):
    """The language model refused, broke off or answered nonsense."""

    code = "MODEL_UNAVAILABLE"


class ModelTimeoutError(ModelUnavailableError):
    """The language model did not answer within the bound of one call."""

    code = "MODEL_TIMEOUT"


class UnknownAgentError(AgentFailureError):
    """No agent has this name."""

    code = "AGENT_UNKNOWN"


class AgentInputError(AgentFailureError):
    """The message or its context contradicts itself."""

    code = "AGENT_INPUT_INVALID"


class RunTimeoutError(AgentFailureError):
    """The run took longer than one run may take."""

    code = "RUN_TIMEOUT"


class RunCancelledError(AgentFailureError):
    """The user cancelled the run."""

    code = "RUN_CANCELLED"


class RunStoppedError(AgentFailureError):
    """The user stopped the run; the step that was under way was finished."""

    code = "RUN_STOPPED"


class RunNotFoundError(AgentFailureError):
    """No run of this user has this id; another user's run is not told apart from none."""

    code = "RUN_NOT_FOUND"


class ThreadNotFoundError(AgentFailureError):
    """No thread of this user has this id."""

    code = "THREAD_NOT_FOUND"


class StorageError(AgentFailureError):
    """PostgreSQL or Redis did not keep or give what it had to; *reason* is what its client said."""

    code = "STORAGE_FAILED"

    def __init__(self, dependency: str, reason: str) -> None:
        super().__init__(f"{dependency} is unavailable: {reason}")
        self.dependency = dependency
        self.reason = reason


class ToolError(AgentFailureError):
    """A tool call without a result."""

    code = "TOOL_FAILED"


class ToolUnknownError(ToolError):
    """No tool has this name."""

    code = "TOOL_UNKNOWN"


class ToolParametersError(ToolError):
    """The parameters do not fit the tool's schema, or nothing can be computed from them."""

    code = "TOOL_PARAMETERS_INVALID"


class ToolForbiddenError(ToolError):
    """The user lacks the permission that the tool needs."""

    code = "TOOL_FORBIDDEN"


class ToolTimeoutError(ToolError):
    """The tool took longer than one tool call may take."""

    code = "TOOL_TIMEOUT"

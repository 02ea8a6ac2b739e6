"""Who writes: only what the configured bot wrote is recognised again, so nothing is filed or said as somebody else."""

from ci_tools.errors import UsageError
from ci_tools.github.documents import USER, validated
from ci_tools.github.requests import Requests
from ci_tools.report.inert import line

_INSTALLATION = "ghs_"
"""How the tokens of apps begin, that of a workflow's job among them: GitHub does not tell these whose they are."""


class Author:
    """Whose *token* it is, and whether that is *bot*."""

    def __init__(self, requests: Requests, token: str, bot: str) -> None:
        self._requests = requests
        self._bot = bot
        self._is_settled = token.startswith(_INSTALLATION)

    def require_bot(self) -> None:
        """Do nothing if *bot* writes, or if that cannot be told before something is written; it is asked once.

        Raises:
            UsageError: it is somebody else.
        """
        if self._is_settled:
            return
        self._is_settled = True
        try:
            reply = self._requests.send("GET", "/user")
        except UsageError:  # a token that may write need not be one of a user; if it is not valid, the write says so
            return
        self.require(validated(USER, reply.document, "/user").login, "nothing is written: the token is of")

    def require(self, login: str, what: str) -> None:
        """Do nothing if *login*, whose *what* is, is the bot's.

        Raises:
            UsageError: it is another one.
        """
        if login != self._bot:
            raise UsageError(
                f"{what} {line(login)!r}, but only what {self._bot!r} wrote is recognised again; give --bot "
                f"{line(login)}, or a token of {self._bot!r}"
            )

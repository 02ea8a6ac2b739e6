"""Rate limits that cannot be read are treated as absent: PyGithub fails on them, also where a write was carried out."""

import re

from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester, RequestsResponse

_COUNTS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
_COUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")
"""GitHub has answered with fractions, too."""


class _Plain(HTTPRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        """What is answered, without what cannot be read."""
        return _readable(super().getresponse())


class _Encrypted(HTTPSRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        """What is answered, without what cannot be read."""
        return _readable(super().getresponse())


def read_past_garbled_limits() -> None:
    """From now on PyGithub's connections drop rate limits that are no numbers."""
    Requester.injectConnectionClasses(_Plain, _Encrypted)


def _readable(response: RequestsResponse) -> RequestsResponse:
    for name in _COUNTS:
        if name in response.headers and not _COUNT.fullmatch(response.headers[name].strip()):
            del response.headers[name]
    return response

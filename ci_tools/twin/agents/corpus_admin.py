"""Corpus administration: documents stored and found."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from ci_tools.twin.agents import text
from ci_tools.twin.agents.desk import Desk, Report
from ci_tools.twin.agents.failures import AgentInputError
from ci_tools.twin.agents.runs import AgentName

_CREATION = re.compile(
    r"\b(?:create|add|store|save)\b.{0,40}?\bdocument\b(?:\s+(?:titled|called|named))?\s*(?P<title>[^:\n]{1,200}):"
    r"\s*(?P<content>.+)",
    re.IGNORECASE | re.DOTALL,
)
_QUERY_WORDS: Final = 6
_VERBS: Final = frozenset(
    ("search", "find", "look", "corpus", "document", "documents", "about", "list", "show", "knowledge")
)


class CorpusAdmin:
    """Creates a document when the request gives one, and searches otherwise."""

    name = AgentName.CORPUS_ADMIN
    capabilities = ("document_creation", "document_search")
    tools = ("corpus_create", "corpus_search")

    async def work(self, desk: Desk) -> Report:
        """The created document, or the documents found."""
        operation, parameters = operation_of(desk.task.message, desk.task.context)
        desk.think(f"{operation} in the corpus", 50)
        if operation == "create":
            document = await desk.use("corpus_create", parameters)
            return Report(
                text=f"Stored document {document['title']!r}.", data={"operation": operation, "document": document}
            )
        found = (await desk.use("corpus_search", parameters))["documents"]
        return Report(
            text=_sentence(parameters["query"], found),
            data={"operation": operation, "query": parameters["query"], "documents": found},
        )


def operation_of(message: str, context: Mapping[str, Any]) -> tuple[Literal["create", "search"], dict[str, Any]]:
    """What to do, with the parameters of the tool that does it.

    Raises:
        AgentInputError: The context asks for an operation that does not exist.
    """
    operation = context.get("operation")
    if operation not in (None, "create", "search"):
        raise AgentInputError(f"unknown corpus operation {operation!r}; allowed: create, search")
    match = _CREATION.search(message)
    if operation == "create" or (operation is None and ("content" in context or match)):
        return "create", _document(message, context, match)
    return "search", {"query": text.shortened(str(context.get("query") or _query(message)), 200)}


def _document(message: str, context: Mapping[str, Any], match: re.Match[str] | None) -> dict[str, str]:
    title = match.group("title").strip(" '\"") if match else text.shortened(message.strip(), 80)
    content = match.group("content").strip() if match else message
    return {
        "title": str(context.get("title") or title or "untitled"),
        "content": str(context.get("content") or content),
    }


def _query(message: str) -> str:
    wanted = [word for word in text.keywords(message, 20) if word not in _VERBS]
    return " ".join(wanted[:_QUERY_WORDS]) or message.strip() or "document"


def _sentence(query: str, found: list[dict[str, Any]]) -> str:
    if not found:
        return f"No document matches {query!r}."
    return f"{len(found)} document(s) match {query!r}: {text.listed([entry['title'] for entry in found])}."

"""What a twin tells whoever started it."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Announcement(BaseModel):
    """How to reach one twin, once it is healthy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pid: int
    directory: str
    control: str
    """The UNIX socket that lists and switches faults."""
    environ: dict[str, str]
    """What a campaign needs in its environment."""
    time_scale: float
    revision: str

    def document(self) -> dict[str, Any]:
        """The announcement as plain data."""
        return self.model_dump()

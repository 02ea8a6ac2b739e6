"""What health endpoints tell, in whichever of their words."""


def good(check: object) -> bool:
    """A start-up check, told as a flag, a word, or an object with a status."""
    told = check.get("status") if isinstance(check, dict) else check
    return told is True or told in {"healthy", "ready", "connected", "ok", "complete", "completed"}

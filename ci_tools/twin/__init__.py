"""The local staging twin and its fault switches."""

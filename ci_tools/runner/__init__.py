"""Drives pytest and the probes, and records what they saw."""

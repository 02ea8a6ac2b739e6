"""Incidents and the issues that stand become operations on issues, each with its reason."""

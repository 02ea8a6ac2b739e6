"""Paced clients of the deployed system that hold credentials and keep evidence."""

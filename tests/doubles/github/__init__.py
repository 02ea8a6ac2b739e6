"""A GitHub on loopback for tests: stateful, and held to GitHub's own description of its API with every request.

The description comes with `githubkit-schemas` (PyPI), which is generated from GitHub's OpenAPI description and
released every month; nothing of it is kept here. To renew it: `nox -s lock -- --upgrade-package githubkit-schemas`.
"""

import json
import os
import pathlib
import uuid

import pytest
import requests

SETTINGS = json.loads((pathlib.Path(__file__).parent / "environments.json").read_text())


def pytest_addoption(parser):
    parser.addoption("--env", action="store", default="dev", choices=sorted(SETTINGS), help="dev or staging")


class Api:
    def __init__(self, url, timeout):
        self.url = url.rstrip("/")
        self.timeout = timeout
        self.session = requests.Session()

    def get(self, path, **params):
        return self.session.get(self.url + path, params=params, timeout=self.timeout)

    def post(self, path, body):
        return self.session.post(self.url + path, json=body, timeout=self.timeout)

    def delete(self, path):
        return self.session.delete(self.url + path, timeout=self.timeout)


@pytest.fixture(scope="session")
def env(request):
    return SETTINGS[request.config.getoption("--env")]


@pytest.fixture(scope="session")
def api(env):
    api = Api(os.environ[env["url_variable"]], env["timeout"])
    yield api
    api.session.close()


@pytest.fixture
def reader():
    return "reader-" + uuid.uuid4().hex[:8]


@pytest.fixture
def loan(api, reader):
    response = api.post("/loans", {"book": 1, "reader": reader})
    response.raise_for_status()
    yield response.json()
    api.delete("/loans/%s" % response.json()["id"])

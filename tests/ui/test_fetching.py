"""Fetching the references' pictures for whoever asks on the page: once, told, not everywhere."""

import threading
import time
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cxr_demo.errors import CXRError
from cxr_demo.ui.fetching import PATH, Fetching
from cxr_demo.ui.later import Later


class Shelf:
    """Contents whose pictures come; and a download that goes on when it is told to."""

    def __init__(self, share: float = 0.003):
        self.share, self.renewed, self.fetched = share, 0, 0
        self.pictures = SimpleNamespace(middles=False)
        self.go_on = threading.Event()
        self.error: Exception | None = None

    def share_with_pictures(self) -> float:
        return self.share

    def renew_pictures(self) -> None:
        self.renewed += 1
        self.pictures.middles = True

    def fetch(self, progress) -> int:
        self.fetched += 1
        progress("match", 0.25)
        assert self.go_on.wait(10)
        if self.error:
            raise self.error
        return 5232


def client(shelf: Shelf, offered: bool = True) -> TestClient:
    contents = Later()
    contents.set(shelf)
    return TestClient(Starlette(routes=Fetching(contents, shelf.fetch, offered).routes()))


def settled(page: TestClient) -> dict:
    for _ in range(200):
        said = page.get(PATH).json()
        if said["state"] != "fetching":
            return said
        time.sleep(0.02)
    raise AssertionError(said)


def test_it_is_offered_fetched_once_and_then_there():
    shelf = Shelf()
    page = client(shelf)
    assert page.get(PATH).json() == {"state": "missing"}
    assert page.post(PATH).json()["state"] == "fetching"
    while (said := page.get(PATH).json()).get("stage") != "match":
        time.sleep(0.01)
    assert said == {"state": "fetching", "stage": "match", "share": 0.25}
    assert page.post(PATH).json()["state"] == "fetching"
    assert shelf.renewed == 0
    shelf.go_on.set()
    assert settled(page) == {"state": "middles"}
    assert page.post(PATH).json() == {"state": "middles"}
    assert shelf.fetched == shelf.renewed == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [(CXRError("offline; please go online"), "offline; please go online"), (KeyError("x"), "")],
)
def test_what_fails_is_said_and_can_be_tried_again(error, words):
    shelf = Shelf()
    shelf.error = error
    shelf.go_on.set()
    page = client(shelf)
    page.post(PATH)
    assert settled(page) == {"state": "failed", "error": words}
    shelf.error = None
    page.post(PATH)
    assert settled(page) == {"state": "middles"}
    assert shelf.fetched == 2 and shelf.renewed == 1


def test_where_it_is_not_offered_nothing_is_fetched():
    shelf = Shelf()
    page = client(shelf, offered=False)
    assert page.get(PATH).json() == page.post(PATH).json() == {"state": "not_offered"}
    assert shelf.fetched == 0


@pytest.mark.parametrize(("share", "state"), [(0.9, "there"), (0.89, "missing")])
def test_who_has_nearly_all_pictures_is_offered_none(share, state):
    assert client(Shelf(share)).get(PATH).json() == {"state": state}


def test_who_has_middles_since_earlier_is_told_what_they_are():
    shelf = Shelf(1.0)
    shelf.pictures.middles = True
    assert client(shelf).get(PATH).json() == {"state": "middles"}

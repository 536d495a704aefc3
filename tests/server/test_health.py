"""Health is that the networks answer, and that files can arrive."""

import threading
from concurrent.futures import Future
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cxr_demo.server import health as module
from cxr_demo.server.health import HOLDS_S, Health

OK, NAN = {"binary": {"normal": 0.5}}, {"binary": {"normal": float("nan")}}


class Networks:
    """Networks that answer as told; counts how often they are asked."""

    def __init__(self):
        self.asked, self.found, self.answer = 0, OK, threading.Event()
        self.answer.set()

    def analyse(self, example: str) -> SimpleNamespace:
        assert example == "example"
        self.asked += 1
        assert self.answer.wait(60)
        if isinstance(self.found, Exception):
            raise self.found
        return SimpleNamespace(probabilities=self.found)


@pytest.fixture
def networks() -> Networks:
    return Networks()


@pytest.fixture
def ask(networks):
    """Ask for health; `free` is what the disk has."""
    free = [1]
    service = SimpleNamespace(loaded=Future(), analyser=networks, radiograph="example")
    health = Health(service, SimpleNamespace(free=lambda: free[0]))
    with TestClient(Starlette(routes=[health.route()])) as client:

        def asked(disk: int = 1) -> tuple[int, str]:
            free[0] = disk
            answer = client.get("/health")
            return answer.status_code, answer.json()["status"]

        assert asked() == (503, "still loading")
        service.loaded.set_result(networks)
        yield asked


def test_it_is_well_when_the_networks_answer(ask, networks):
    assert ask() == (200, "ok") and networks.asked == 1


def test_an_answer_holds_for_a_while(ask, networks, monkeypatch):
    now = 1000.0
    # Not the clock of all: event loops of other tests would sleep until it comes round again.
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now))
    assert [ask(), ask()] == [(200, "ok")] * 2 and networks.asked == 1
    now += HOLDS_S - 0.1
    assert ask() == (200, "ok") and networks.asked == 1
    now += 0.1
    assert ask() == (200, "ok") and networks.asked == 2


@pytest.mark.parametrize("found", [RuntimeError("died"), NAN])
def test_networks_that_fail_are_asked_again(ask, networks, found):
    networks.found = found
    assert ask() == (503, "the networks fail")
    networks.found = OK
    assert ask() == (200, "ok")


def test_networks_that_hang_are_not_asked_twice(ask, networks, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    networks.answer.clear()
    assert [ask(), ask()] == [(503, "the networks do not answer")] * 2
    networks.answer.set()
    monkeypatch.setattr(module, "PATIENCE_S", 60)
    assert ask() == (200, "ok") and networks.asked == 1


def test_a_full_disk_is_told(ask, networks):
    assert ask(disk=0) == (503, "disk full") and networks.asked == 0
    assert ask() == (200, "ok")

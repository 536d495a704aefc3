"""How the bench asks a server."""

import httpx
import pytest

from bench import served
from bench.served import patiently


class Answers:
    """Answers one after the other, each a status and what Retry-After says."""

    def __init__(self, monkeypatch, *answers: tuple[int, str | None]):
        self.slept, self._left = [], list(answers)
        monkeypatch.setattr(served.time, "sleep", self.slept.append)

    def __call__(self) -> httpx.Response:
        status, again = self._left.pop(0)
        headers = {} if again is None else {"Retry-After": again}
        request = httpx.Request("POST", "http://127.0.0.1/")
        return httpx.Response(status, headers=headers, request=request).raise_for_status()


def test_the_bench_waits_as_long_as_it_is_told_to(monkeypatch):
    answers = Answers(monkeypatch, (429, "2"), (503, "5"), (200, None))
    assert patiently(answers).status_code == 200
    assert answers.slept == [2, 5]


@pytest.mark.parametrize("again", [None, "1"])
def test_a_refusal_that_stands_ends_the_bench(monkeypatch, again):
    monkeypatch.setattr(served, "TRIES", 3)
    answers = Answers(monkeypatch, *[(429, again)] * 3)
    with pytest.raises(httpx.HTTPStatusError):
        patiently(answers)
    assert len(answers.slept) == (0 if again is None else 2)

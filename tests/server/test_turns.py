"""Whose turn it is."""

import inspect

import gradio as gr
import pytest
from gradio.queueing import Event, Queue
from starlette.requests import Request

from cxr_demo.server import turns
from cxr_demo.server.turns import next_in_turn


class Lines:
    """Gradio's queue with a line of one place, "networks", and one of two, "batches"."""

    def __init__(self):
        with gr.Blocks(analytics_enabled=False) as blocks:
            for name, places in (("networks", 1), ("batches", 2)):
                line = {"concurrency_id": name, "concurrency_limit": places}
                gr.Button().click(lambda: None, api_visibility="private", **line)
        self.queue: Queue = blocks.queue(max_size=99)._queue
        self.queue.active_jobs = [None] * 9
        self._fns = {fn.concurrency_id: fn for fn in blocks.fns.values()}
        for fn in self._fns.values():
            self.queue.create_event_queue_for_fn(fn)

    def ask(self, client: str, session: str | None = None, line: str = "networks") -> None:
        request = Request({"type": "http", "client": (client, 1), "headers": []})
        event = Event(session, self._fns[line], request, None)
        event.name = client + (f" {session}" if session else "")
        self.queue.event_queue_per_concurrency_id[line].queue.append(event)

    def begin(self, times: int = 1) -> list[str]:
        """Who is next, each as soon as there is a place."""
        begun = []
        for _ in range(times):
            events, batch, name = next_in_turn(self.queue)
            assert not batch
            self.queue.active_jobs[self.queue.active_jobs.index(None)] = events
            self.queue.event_queue_per_concurrency_id[name].current_concurrency += 1
            begun.append(events[0].name)
            if name == "networks":
                self.end()
        return begun

    def end(self) -> None:
        """What began first is answered."""
        ended = next(job for job in self.queue.active_jobs if job)
        self.queue.active_jobs[self.queue.active_jobs.index(ended)] = None
        line = ended[0].concurrency_id
        self.queue.event_queue_per_concurrency_id[line].current_concurrency -= 1


@pytest.fixture
def lines() -> Lines:
    return Lines()


def test_one_with_many_questions_delays_another_by_none_but_that_under_way(lines):
    for _ in range(5):
        lines.ask("fast")
    assert lines.begin() == ["fast"]
    lines.ask("slow")
    assert lines.begin(3) == ["slow", "fast", "fast"]


def test_clients_take_turns_and_keep_their_own_order(lines):
    for client, session in (("a", "1"), ("a", "1"), ("a", "1"), ("b", "2"), ("b", "2"), ("c", "3")):
        lines.ask(client, session)
    assert lines.begin(6) == ["a 1", "b 2", "c 3", "a 1", "b 2", "a 1"]


def test_who_asks_again_and_again_does_not_overtake_who_waits(lines):
    """Two who ask one question after the other, beside one that waits with many."""
    for _ in range(4):
        lines.ask("patient")
    begun = []
    for _ in range(3):
        lines.ask("b")
        lines.ask("c")
        begun += lines.begin(3)
    assert [begun[at : at + 3].count("patient") for at in (0, 3, 6)] == [1, 1, 1]


def test_sessions_behind_one_address_take_turns_too(lines):
    """And all that curl asks, which names no session, has one turn among them."""
    for session in ("page", "page", None, None, None, "other"):
        lines.ask("hospital", session)
    first = ["hospital page", "hospital", "hospital other"]
    assert lines.begin(6) == [*first, "hospital page", "hospital", "hospital"]


def test_sessions_do_not_make_turns_of_a_client_more(lines):
    for session in "123456":
        lines.ask("fast", session)
    lines.ask("slow")
    lines.ask("slow")
    assert lines.begin(4) == ["fast 1", "slow", "fast 2", "slow"]


def test_the_last_of_several_places_is_for_another_client(lines):
    """A batch takes minutes; the one that has to wait is not refused."""
    for client in ("a", "a"):
        lines.ask(client, line="batches")
    assert lines.begin() == ["a"] and next_in_turn(lines.queue) is None
    lines.ask("b", line="batches")
    assert lines.begin() == ["b"] and next_in_turn(lines.queue) is None
    lines.end()
    assert lines.begin() == ["a"] and next_in_turn(lines.queue) is None


def test_a_batch_that_was_cancelled_holds_no_place(lines):
    lines.ask("a", line="batches")
    lines.begin()
    lines.ask("a", line="batches")
    lines.queue.active_jobs[0][0].alive = False  # as Gradio marks it
    assert lines.begin() == ["a"]


def test_lines_do_not_wait_for_each_other(lines):
    lines.ask("a", line="batches")
    lines.ask("a")
    assert sorted(lines.begin(2)) == ["a", "a"] and next_in_turn(lines.queue) is None


def test_turns_long_ago_are_forgotten(lines, monkeypatch):
    monkeypatch.setattr(turns, "MAX_TURNS", 4)
    for client in "abc":
        lines.ask(client)
    lines.begin(3)
    remembered = lines.queue.event_queue_per_concurrency_id["networks"].turns
    assert list(remembered) == [("b",), ("b", ""), ("c",), ("c", "")]


def test_it_takes_the_place_of_gradios():
    assert Queue.get_events is next_in_turn
    assert "self.get_events()" in inspect.getsource(Queue.start_processing)

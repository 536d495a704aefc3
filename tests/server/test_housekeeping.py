"""Answers that nobody fetches are forgotten; those that somebody waits for are not."""

import asyncio
from contextlib import suppress
from contextvars import ContextVar

import gradio as gr
import pytest
from starlette.requests import Request

from cxr_demo.server import housekeeping
from cxr_demo.server.housekeeping import UNREAD_S, asked_for, forget, keep_house
from cxr_demo.server.uploads import Uploads


def echo(said: str) -> str:
    """What was said."""
    return said


@pytest.fixture
def queue():
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.api(echo, api_name="echo")
    return blocks.queue(max_size=9)._queue


def asked(queue, session: str, messages: int) -> None:
    """A session with one question, and so many messages that nobody has read."""
    fn = queue.blocks.fns[0]
    queue.create_event_queue_for_fn(fn)
    event = gr.queueing.Event(session, fn, Request({"type": "http", "headers": []}), None)
    queue.event_ids_to_events[event._id] = event
    queue.event_queue_per_concurrency_id[fn.concurrency_id].queue.append(event)
    queue.pending_event_ids_session[session] = {event._id}
    queue.pending_messages_per_session[session] = asyncio.Queue()
    for _ in range(messages):
        queue.pending_messages_per_session[session].put_nowait("message")


def tidied(queue, *times: float) -> set[str]:
    """The sessions left after tidying up at these times."""
    unread: dict[str, float] = {}
    for now in times:
        asyncio.run(forget(queue, unread, now))
    assert set(unread) <= set(queue.pending_messages_per_session)
    assert queue.pending_messages_per_session.keys() == queue.pending_event_ids_session.keys()
    return set(queue.pending_messages_per_session)


@pytest.mark.parametrize(("later", "left"), [(UNREAD_S - 1, {"one"}), (UNREAD_S, set())])
def test_what_nobody_reads_is_forgotten(queue, later, left):
    """With the question, if that is still waiting."""
    assert UNREAD_S == 40
    asked(queue, "one", messages=1)
    assert tidied(queue, 1000, 1000 + later) == left
    assert len(queue) == len(left) == len(queue.event_ids_to_events)


def test_who_reads_may_wait_for_long(queue):
    asked(queue, "one", messages=0)
    assert tidied(queue, 1000, 2000, 3000) == {"one"}
    assert len(queue) == 1


def test_reading_once_begins_anew(queue):
    asked(queue, "one", messages=1)
    unread: dict[str, float] = {}
    asyncio.run(forget(queue, unread, 1000))
    queue.pending_messages_per_session["one"].get_nowait()
    asyncio.run(forget(queue, unread, 1030))
    queue.pending_messages_per_session["one"].put_nowait("message")
    for now in (1059, 1098):
        asyncio.run(forget(queue, unread, now))
    assert "one" in queue.pending_messages_per_session
    asyncio.run(forget(queue, unread, 1099))
    assert "one" not in queue.pending_messages_per_session


def test_a_session_that_has_its_answers_is_dropped(queue):
    asked(queue, "one", messages=0)
    queue.pending_event_ids_session["one"].clear()
    assert tidied(queue, 1000) == set()


def test_uploads_are_kept_for_questions_that_wait(queue):
    """However long: a batch may be behind another."""
    asked(queue, "one", messages=0)
    asked(queue, "two", messages=0)
    event, other = queue.event_ids_to_events.values()
    files = {"files": [{"path": "/uploads/1", "name": "a"}, {"path": "/uploads/2", "name": "b"}]}
    event.data = gr.data_classes.PredictBodyInternal(data=["en", files], request=None)
    assert other.data is None
    assert asked_for(queue) == {"/uploads/1", "/uploads/2"}


@pytest.mark.parametrize("busy", [False, True])
def test_memory_goes_back_while_nothing_is_under_way(queue, tmp_path, monkeypatch, busy):
    # a server that another test has started may tidy up in the meantime
    own = ContextVar("own", default=False)
    given = []
    monkeypatch.setattr(housekeeping, "SWEEP_S", 0.01)
    monkeypatch.setattr(housekeeping, "hand_memory_back", lambda: given.append(own.get()))
    queue.active_jobs = [None, ["an event"] if busy else None]

    async def keep_house_for_a_while() -> None:
        own.set(True)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await keep_house(queue, Uploads(tmp_path))

    asyncio.run(keep_house_for_a_while())
    assert (True in given) is not busy

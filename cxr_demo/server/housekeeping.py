"""What nobody comes back for: uploads that are never read, answers that are never fetched, memory
that nothing uses."""

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from cxr_demo.memory import hand_memory_back
from cxr_demo.server.questions import named_files
from cxr_demo.server.uploads import Uploads

if TYPE_CHECKING:
    from gradio.queueing import Queue

SWEEP_S = 5
UNREAD_S = 40
"""How long an answer waits for whoever has asked; under a minute, with twice `SWEEP_S`."""

log = logging.getLogger(__name__)


async def keep_house(queue: "Queue", uploads: Uploads) -> None:
    """Tidy up until cancelled."""
    unread: dict[str, float] = {}
    while True:
        await asyncio.sleep(SWEEP_S)
        try:
            await run_in_threadpool(uploads.sweep, asked_for(queue))
            await forget(queue, unread, time.monotonic())
            if not any(queue.active_jobs):
                await run_in_threadpool(hand_memory_back)
        except Exception:  # whatever it is, the next time it may not be
            log.exception("tidying up failed")


def asked_for(queue: "Queue") -> set[object]:
    """Paths of the uploads that questions name which wait for their turn: perhaps for long, behind
    batches."""
    lines = queue.event_queue_per_concurrency_id.values()
    events = [event for line in lines for event in line.queue]
    return {path for event in events for path in named_files(event.data and event.data.data)}


async def forget(queue: "Queue", unread: dict[str, float], now: float) -> None:
    """Drop sessions that have ended, and those whose messages have been unread for `UNREAD_S`.

    Gradio keeps the last 2,000 answers for whoever may come for them, pictures and all.

    Args:
        queue: Gradio's.
        unread: since when there have been messages for a session; kept between calls.
        now: in the same seconds.
    """
    for session, messages in list(queue.pending_messages_per_session.items()):
        awaited = queue.pending_event_ids_session.get(session)
        if awaited and messages.empty():  # somebody reads each as it comes
            unread.pop(session, None)
        elif not awaited or now - unread.setdefault(session, now) >= UNREAD_S:
            unread.pop(session, None)
            await queue.clean_events(session_hash=session)
            queue.pending_messages_per_session.pop(session, None)
            queue.pending_event_ids_session.pop(session, None)

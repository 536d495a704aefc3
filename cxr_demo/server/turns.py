"""Whose turn it is in Gradio's lines, which it would serve in the order of arrival.

Clients take turns, and so do the sessions of one client, since many people can share an address;
what asks without a session of its own, as curl does, counts as one. So a question waits for no more
than one of each other client, however many those have under way.
"""

from typing import TYPE_CHECKING

from cxr_demo.server.limits import client_of

if TYPE_CHECKING:
    from gradio.queueing import Event, EventQueue, Queue

MAX_TURNS = 10_000
"""Of clients and sessions that are remembered, for each line."""


def next_in_turn(queue: "Queue") -> "tuple[list[Event], bool, str] | None":
    """Take the event that is to begin from its line; stands for `gradio.queueing.Queue.get_events`.

    The last place of a line with several is for a client who has none of them: a batch takes long.

    Returns:
        It alone, that it is no batch of Gradio's, and the name of its line; None if all have to
        wait.
    """
    for name, line in queue.event_queue_per_concurrency_id.items():
        places = line.concurrency_limit or len(queue.active_jobs)
        if line.current_concurrency >= places:
            continue
        under_way = [event for job in queue.active_jobs for event in job or ()]
        is_last = 1 < places == line.current_concurrency + 1
        at_work = {_client(e) for e in under_way if e.concurrency_id == name and e.alive}
        waiting = [e for e in line.queue if not (is_last and _client(e) in at_work)]
        if waiting:
            turns = _turns(line)
            event = min(waiting, key=lambda e: [turns.get(who, 0) for who in _who(e)])
            line.queue.remove(event)
            _note_turn(turns, event)
            return [event], False, name
    return None


def _client(event: "Event") -> str:
    return client_of(event.request.scope)


def _who(event: "Event") -> tuple[tuple[str, ...], ...]:
    """Who takes turns: the client, and its session."""
    own = event.session_hash != event._id  # Gradio makes one up where none is named
    return (_client(event),), (_client(event), event.session_hash if own else "")


def _turns(line: "EventQueue") -> dict[tuple[str, ...], int]:
    """By who had a turn in a line, the number of the last one; the latest is at the end."""
    return vars(line).setdefault("turns", {})


def _note_turn(turns: dict[tuple[str, ...], int], event: "Event") -> None:
    number = 1 + next(reversed(turns.values()), 0)
    for who in _who(event):
        turns.pop(who, None)
        turns[who] = number
    while len(turns) > MAX_TURNS:
        del turns[next(iter(turns))]

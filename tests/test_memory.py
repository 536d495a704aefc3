"""What glibc is told, and that nothing is told where it is not."""

import ctypes
from types import SimpleNamespace

import pytest

from cxr_demo import memory


@pytest.mark.parametrize(
    ("platform", "told"), [("linux", [("mallopt", -8, 1), ("malloc_trim", 0)]), ("darwin", [])]
)
def test_one_heap_and_what_it_does_not_use_back(monkeypatch, platform, told):
    calls = []
    libc = SimpleNamespace(
        mallopt=lambda *given: calls.append(("mallopt", *given)),
        malloc_trim=lambda *given: calls.append(("malloc_trim", *given)),
    )
    monkeypatch.setattr(memory, "sys", SimpleNamespace(platform=platform))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: libc)
    memory.share_one_heap()
    memory.hand_memory_back()
    assert calls == told


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory, "sys", SimpleNamespace(platform="linux"))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace())
    memory.share_one_heap()
    memory.hand_memory_back()

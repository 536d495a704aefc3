"""What glibc is told, and that nothing is told where it is not."""

import ctypes
from types import SimpleNamespace

import pytest

from cxr_demo.server import memory


@pytest.mark.parametrize(
    ("platform", "told"), [("linux", [(-8, 1), (-1, 131072)]), ("darwin", []), ("win32", [])]
)
def test_one_heap_and_its_free_end_back(monkeypatch, platform, told):
    calls = []
    libc = SimpleNamespace(mallopt=lambda *given: calls.append(given))
    monkeypatch.setattr(memory, "sys", SimpleNamespace(platform=platform))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: libc)
    memory.hand_memory_back()
    assert calls == told


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory, "sys", SimpleNamespace(platform="linux"))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace())
    memory.hand_memory_back()

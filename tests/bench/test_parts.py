"""What a bench keeps, and when it takes it up again."""

import json

import pytest

from bench.parts import kind_of, measured

HERE = {"commit": "abc", "machine": {"cores": 2}}


class Machine:
    """Counts what is measured; "second" fails as often as is said."""

    def __init__(self, failures: int = 0):
        self.asked, self._failures = [], failures
        self.parts = {name: lambda name=name: self._measure(name) for name in ("first", "second")}

    def _measure(self, name: str) -> dict:
        self.asked.append(name)
        if name == "second" and self._failures:
            self._failures -= 1
            raise RuntimeError("HTTP 429")
        return {"ms": len(self.asked)}


def test_what_was_measured_before_a_failure_is_not_measured_again(tmp_path):
    file, machine = tmp_path / "work" / "parts.json", Machine(failures=1)
    with pytest.raises(RuntimeError):
        measured(machine.parts, file, HERE)
    assert json.loads(file.read_text())["parts"] == {"first": {"ms": 1}}
    assert measured(machine.parts, file, HERE) == {"first": {"ms": 1}, "second": {"ms": 3}}
    assert machine.asked == ["first", "second", "second"]


@pytest.mark.parametrize(
    "other",
    [{"commit": "abd"}, {"machine": {"cores": 4}}, {"commit": "abc+changes"}],
    ids=["commit", "machine", "changes"],
)
def test_figures_of_another_commit_or_machine_are_not_mixed_in(tmp_path, other):
    file, there = tmp_path / "parts.json", {**HERE, **other}
    measured(Machine().parts, file, there if "+" in there["commit"] else HERE)
    machine = Machine()
    assert measured(machine.parts, file, there)["first"] == {"ms": 1}
    assert machine.asked == ["first", "second"]


@pytest.mark.parametrize(
    ("flags", "kind"),
    [
        ("fpu avx512_vnni avx_vnni amx_int8", "amx"),
        ("fpu avx_vnni", "vnni"),
        ("fpu avx512_vnni", "vnni"),
        ("fpu avx2", "plain"),
        ("", "plain"),
    ],
)
def test_a_processor_is_known_by_its_flags(flags, kind):
    assert kind_of(flags.split()) == kind

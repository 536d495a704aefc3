"""Keeps what was measured as it comes, so that a bench that stopped goes on where it was.

Data contract: a part is a name and a function that returns figures, plain enough for JSON. They lie
in `.work/bench/parts.json`, {"made_on": {"commit", "machine"}, "parts": {name: figures}}, and count
for the same commit on the same machine only: one table never holds figures of two.
"""

import json
import platform
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from cxr_demo.cli.process_pool import cores
from train.records.manifest import ROOT, current_commit

KEPT = ROOT / ".work" / "bench" / "parts.json"
KINDS = {"amx_int8": "amx", "avx512_vnni": "vnni", "avx_vnni": "vnni"}
"""What multiplies 8-bit integers, by the flag that Linux gives the processor; the fastest first."""


def machine() -> dict:
    """What was measured on: {"cores", "processor", "kind"}, the last one of KINDS or "plain"."""
    information = Path("/proc/cpuinfo")
    said = information.read_text() if information.exists() else ""
    return {
        "cores": cores(),
        "processor": _first(said, "model name") or platform.machine(),
        "kind": kind_of(_first(said, "flags").split()),
    }


def kind_of(flags: list[str]) -> str:
    """Which of KINDS a processor with these flags is, or "plain"."""
    return next((kind for flag, kind in KINDS.items() if flag in flags), "plain")


def measured(
    parts: Mapping[str, Callable[[], object]], file: Path = KEPT, made_on: dict | None = None
) -> dict[str, object]:
    """What all parts return, by name; those that are kept are not measured again.

    Args:
        parts: in the order in which they are measured.
        file: where they are kept, to be deleted by whoever has stored them elsewhere.
        made_on: what they have to share; by default the commit and the machine. Changes that are
            not committed have no name, so that with them nothing is taken up again.
    """
    made_on = made_on or {
        "commit": current_commit(),
        "machine": machine() | {"name": platform.node(), "system": platform.release()},
    }
    kept = _kept(file, made_on)
    for name, measure in parts.items():
        if name in kept:
            print(f"{name}: measured before", flush=True)
            continue
        kept[name] = measure()
        print(f"{name}: {json.dumps(kept[name])}", flush=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        new.write_text(json.dumps({"made_on": made_on, "parts": kept}, indent=1))
        new.replace(file)
    return {name: kept[name] for name in parts}


def _kept(file: Path, made_on: dict) -> dict[str, object]:
    if not file.exists() or made_on["commit"].endswith("+changes"):
        return {}
    found = json.loads(file.read_text())
    return found["parts"] if found["made_on"] == made_on else {}


def _first(information: str, field: str) -> str:
    found = re.search(rf"^{field}\s*: (.*)$", information, re.MULTILINE)
    return found[1] if found else ""

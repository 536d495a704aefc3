"""The fuzzer itself works: it starts, runs, counts, and knows a finding when it sees one."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cxr_demo.reading.types import Radiograph
from tests.reading.odd_files import jpeg, png, speckle
from tests.reading.raw_dicom import dicom
from tools.fuzz_reader import kind_of, with_right_checksums
from tools.measured_reader import broken_contract

ROOT = Path(__file__).resolve().parents[2]
SPECKLE = speckle()


def test_five_seconds_of_fuzzing_find_nothing(tmp_path):
    pytest.importorskip("atheris")
    command = ("-m", "tools.fuzz_reader", "--minutes", "0.08", "--findings", tmp_path)
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(tmp_path.iterdir())
    runs, branches = re.search(r"(\d+) executions, (\d+) branches", done.stdout).groups()
    assert int(runs) > 10 and int(branches) > 50


def test_a_damaged_png_gets_its_checksums_back():
    whole = png(SPECKLE)
    wrong = whole[:29] + b"abcd" + whole[33:]
    assert with_right_checksums(wrong) == whole
    assert with_right_checksums(whole[:40]) == whole[:40]


def test_kinds_are_known_by_their_content():
    assert [kind_of(data) for data in (png(SPECKLE), jpeg(SPECKLE), dicom(), b"x")] == [
        "png",
        "jpeg",
        "dicom",
        None,
    ]


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 1.1])
def test_pixels_that_break_the_contract_are_a_finding(value):
    pixels = np.full((64, 64), 0.5, np.float32)
    assert broken_contract(Radiograph(pixels, 8)) is None
    pixels[3, 4] = value
    assert broken_contract(Radiograph(pixels, 8))

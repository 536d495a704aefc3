"""The whole corpus of bad and odd files goes through the reader, each file watched from outside."""

import os
import sys
from collections import Counter
from dataclasses import replace

import pytest

from tests.reading.bad_inputs import inputs
from tools.measured_reader import Outcome, outcomes

SECONDS, MEGABYTES = 10, 500
LIBRARY_WORDS = (
    *("traceback", "pillow", "opencv", "numpy", "pydicom", "gdcm", "libpng", "openjpeg", "python"),
    *("exception", "cannot identify", "0x", "b'", "errno", "none", "nan", "{", "}", "\\", "<"),
)
FILE_WORDS = ("secret", "wanda", "alert", "script")

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc"),
    pytest.mark.timeout(600),
]


def report(found: list[Outcome]) -> str:
    """One line for each."""
    return "".join(
        f"\n  {one.name}: {one.said}, {one.seconds:.1f} s, {one.megabytes:.0f} MB"
        f" (wanted {' or '.join(one.expected) or 'anything'}) {one.message}"
        for one in sorted(found, key=lambda one: one.name)
    )


@pytest.fixture(scope="module")
def corpus() -> list[Outcome]:
    """CXR_ALL_APART=1 reads every DICOM file in a process of its own, which takes longer."""
    made = inputs()
    if os.environ.get("CXR_ALL_APART"):
        made = (replace(each, apart=True) for each in made)
    found = list(outcomes(made, SECONDS, MEGABYTES))
    slowest, largest = (
        max(found, key=lambda one: getattr(one, measure)) for measure in ("seconds", "megabytes")
    )
    print(f"{len(found)} files", Counter(one.name.split("/")[0] for one in found))
    print("slowest and largest:", report([slowest]), report([largest]))
    return found


def test_the_corpus_is_large_and_every_file_has_a_name_of_its_own(corpus):
    assert len(corpus) >= 250
    assert len({one.name for one in corpus}) == len(corpus)


def test_no_file_ends_the_reader_or_raises_anything_but_the_refusal(corpus):
    wrong = [one for one in corpus if one.said != "read" and not one.said.startswith("refused.")]
    assert not wrong, report(wrong)


def test_no_file_takes_ten_seconds(corpus):
    slow = [one for one in corpus if one.seconds >= SECONDS]
    assert not slow, report(slow)


def test_no_file_grows_memory_by_500_mb(corpus):
    large = [one for one in corpus if one.megabytes >= MEGABYTES]
    assert not large, report(large)


def test_every_file_is_read_or_refused_for_what_is_wrong_with_it(corpus):
    wrong = [one for one in corpus if one.expected and one.said not in one.expected]
    assert not wrong, report(wrong)


def test_every_refusal_is_one_sentence_that_a_user_understands(corpus):
    def is_clear(message: str) -> bool:
        lower = message.lower()
        return (
            20 <= len(message) <= 300
            and "please" in lower
            and message[0].isupper()
            and message.endswith(".")
            and ". " not in message
            and "\n" not in message
            and not any(word in lower for word in LIBRARY_WORDS + FILE_WORDS)
        )

    refused = [one for one in corpus if one.said.startswith("refused.")]
    assert refused
    unclear = {one.said: one for one in refused if not is_clear(one.message)}
    assert not unclear, report(list(unclear.values()))

"""What stands between a file and its reading: frames, unusual radiographs, what is none at all."""

import cv2
import numpy as np
import pytest

from tests.browser.conftest import NORMAL, PNEUMONIA, drop, read_example
from tests.conftest import png
from tests.reading.dicom_files import SECRETS, dicom


@pytest.fixture
def chest() -> np.ndarray:
    """A shipped example, uint8 (height, width)."""
    return cv2.imread(str(NORMAL), cv2.IMREAD_GRAYSCALE)


@pytest.fixture
def read(page):
    """The page with a radiograph read."""
    read_example(page)
    page.wait_for_selector("#neighbours .card")
    return page


def kept(folder, name: str, content: bytes):
    file = folder / name
    file.write_bytes(content)
    return file


def tone(page) -> str:
    return page.get_attribute("#status", "data-tone")


def test_a_usable_radiograph_has_nothing_in_its_way(read):
    assert read.is_hidden("#gate")


def test_dicom_is_read_and_none_of_its_tags_is_shown(page, tmp_path, chest):
    small = cv2.resize(chest, (640, 512)).astype(int) * 16
    drop(page, kept(tmp_path, "IM0001", dicom(4095 - small, photometric="MONOCHROME1")))
    assert tone(page) == "done" and "12-bit" in page.inner_text("#status")
    assert page.is_hidden("#gate")
    page.wait_for_selector("#neighbours .card")
    whole = page.content().lower()
    assert not [word for word in SECRETS if word in whole]


def test_text_that_may_be_burned_in_is_warned_about(page, tmp_path, chest):
    drop(page, kept(tmp_path, "x", dicom(cv2.resize(chest, (600, 500)), bits=8,
                                         BurnedInAnnotation="YES")))  # fmt: skip
    assert tone(page) == "done"
    assert "perhaps a name" in page.inner_text("#burned-in")
    assert page.inner_text("#probabilities").strip()


def test_of_several_frames_one_is_asked_for(page, tmp_path, chest):
    other = cv2.imread(str(PNEUMONIA), cv2.IMREAD_GRAYSCALE)
    frames = np.stack([cv2.resize(image, (512, 448)) for image in (chest, other)])
    drop(page, kept(tmp_path, "two", dicom(frames, bits=8)))
    assert tone(page) == "refused" and "2 frames" in page.inner_text("#status")
    shares = []
    for number in ("1", "2"):
        page.fill("#frame", number)
        page.click("#read-frame")
        page.wait_for_selector("#status[data-tone=done]")
        assert page.locator("#frame").count() == 0
        shares.append(page.inner_text("#probabilities"))
        drop(page, tmp_path / "two")
    assert shares[0] != shares[1]
    page.fill("#frame", "3")
    page.click("#read-frame")  # the browser itself lets no other number through
    assert page.locator("#frame").count() == 1


def test_an_unusual_radiograph_is_hidden_until_it_is_asked_for(page, tmp_path, chest):
    drop(page, kept(tmp_path, "inverted.png", png(255 - chest)))
    assert tone(page) == "done"
    assert "inverted" in page.inner_text("#unusual")
    assert page.inner_text("#probabilities").strip() == ""
    for sheet in ("#neighbours", "#verdict"):
        assert "unusual" in page.inner_text(sheet)
    assert page.is_disabled("#report-html") and page.is_hidden("#impression")
    page.focus("#override")
    page.keyboard.press("Enter")
    page.wait_for_selector("#neighbours .card")
    assert "%" in page.inner_text("#probabilities")
    assert page.locator("#override").count() == 0
    assert "inverted" in page.inner_text("#unusual")
    # The next one starts anew.
    drop(page, NORMAL)
    assert page.is_hidden("#gate")


def test_reading_first_comes_after_the_gate(page, tmp_path, chest):
    page.check("#read-first")
    drop(page, kept(tmp_path, "turned.png", png(np.ascontiguousarray(chest[::-1]))))
    assert page.is_visible("#override") and page.is_hidden("#impression")
    page.click("#override")
    page.wait_for_selector("#impression form")
    assert page.inner_text("#probabilities").strip() == ""
    page.uncheck("#read-first")
    page.wait_for_selector("#neighbours .card")


def test_what_is_no_chest_is_refused_and_nothing_is_lost(read, tmp_path):
    page = np.full((400, 320), 245, np.uint8)
    for line in range(20, 400, 20):
        cv2.putText(page, "Dear colleague, thank you for", (6, line), 0, 0.5, 10, 1)
    before = read.inner_text("#probabilities")
    drop(read, kept(tmp_path, "letter.png", png(page)))
    assert tone(read) == "refused"
    assert "does not look like a frontal chest radiograph" in read.inner_text("#status")
    assert read.inner_text("#probabilities") == before


def test_a_batch_says_what_is_unusual(page, tmp_path, chest):
    page.click("#tab-batch")
    files = [kept(tmp_path, "plain.png", png(chest)), kept(tmp_path, "dark.png", png(255 - chest))]
    page.set_input_files("#panel-batch input[type=file]", [str(file) for file in files])
    page.wait_for_selector("#panel-batch tbody tr:nth-child(2) td[data-status=done]")
    page.wait_for_selector("#panel-batch tbody tr:nth-child(1) td[data-status=done]")
    plain, dark = page.locator("#panel-batch tbody tr").all_inner_texts()
    assert "inverted" in dark and "inverted" not in plain

"""What a person does on the page, from the first radiograph to the last tab."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cxr_demo.artefacts import ASSETS
from cxr_demo.i18n import messages
from tests.accessibility import violations
from tests.browser.conftest import (
    ANSWER_MS,
    choose,
    open_tab,
    take_example,
    unfold,
    until,
)
from tests.conftest import chest_like, png
from tests.reading.dicom_files import dicom
from tests.ui.conftest import colour_at

WORDS = messages()


def star(page) -> bool:
    """Whether the radiograph is marked on the map."""
    return page.evaluate(
        "document.querySelector('#map .js-plotly-plot').data.some((one) => one.name === 'query')"
    )


def posts(page) -> list[str]:
    """Addresses that are posted to from now on."""
    sent = []
    page.on("request", lambda r: sent.append(r.url) if r.method == "POST" else None)
    return sent


# --- the flow of a reading


def test_an_example_is_read_and_everything_points_at_everything(page):
    take_example(page)
    assert "It is in the reference library" in page.inner_text("#status")
    assert page.locator("#probabilities .bar").count() == 5
    cards = page.locator("#neighbours .card")
    assert cards.count() == 11 and page.locator("#neighbours .large .card").count() == 4
    until(page, "document.querySelector('.cxr-panel.verdict .said')?.textContent.length > 20")
    assert star(page)
    # A neighbour is held beside the radiograph and ringed on the map; again lets it go.
    cards.nth(1).click()
    until(page, "document.querySelector('#viewer .caption')?.textContent.length > 3")
    until(page, "document.querySelectorAll('#neighbours .card')[1].ariaPressed === 'true'")
    cards.nth(1).click()
    until(page, "!document.querySelector('#neighbours [aria-pressed=true]')")
    # Another operating point and another search ask the server, no network.
    page.get_by_label(WORDS["point.sensitivity_95"]).check()
    until(page, "document.querySelector('#probabilities').textContent.includes('Sensitivity 95')")
    unfold(page, WORDS["search.title"])
    page.get_by_label(WORDS["class.viral"], exact=True).uncheck()
    until(page, "!document.querySelector('#neighbours [data-class=viral]')")
    assert page.locator("#neighbours").inner_text().count(WORDS["vote.filtered"]) == 1
    page.get_by_label("t-SNE").check()
    until(page, "document.querySelector('#map .js-plotly-plot').layout.xaxis.uirevision === 'tsne'")


def test_the_same_reference_is_held_beside_one_radiograph_after_the_other(page):
    caption = "document.querySelector('#viewer .caption').textContent"
    take_example(page, 0)
    page.locator("#neighbours .card").nth(1).click()
    until(page, f"{caption}.startsWith('reference')")
    name = page.evaluate(caption)
    take_example(page, 1)
    until(page, f"{caption} === ''")
    unfold(page, WORDS["table.title"])
    page.get_by_label(WORDS["table.find"]).fill(name)
    page.locator("#found button[data-row]").first.click()
    until(page, f"(name) => {caption} === name", name)


def test_a_threshold_is_tried_without_a_request(page):
    """And the share above it is that of the map's own values."""
    take_example(page)
    said = page.locator(".cxr-panel.verdict .said")
    until(page, "document.querySelector('.cxr-panel.verdict .said')?.textContent.length > 20")
    sent = posts(page)
    page.locator("#threshold input[type=range]").focus()
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    until(page, "document.querySelector('.cxr-panel.verdict .said').innerText.includes('0.48')")
    share = page.evaluate(
        """() => { const { values } = window.cxrViewers.viewer.reading.maps.detector;
            return values.filter((value) => value > 0.48).length / values.length; }"""
    )
    assert f"{100 * share:.1f}%" in said.inner_text() and sent == []


@pytest.mark.parametrize("suffix", [".png", ".dcm", ""])
def test_a_file_of_any_kind_is_read_whatever_its_name(page, tmp_path, uploads, suffix):
    content = dicom(chest_like(1000), bits=8) if suffix == ".dcm" else png(chest_like(1000))
    file = tmp_path / f"Doe^Jane{suffix}"
    file.write_bytes(content)
    choose(page, file)
    assert "320 × 260" in page.inner_text("#status") and "Doe" not in page.content()
    assert not [path for path in uploads.iterdir() if path.is_file()]


def test_a_file_that_is_none_is_refused_in_a_sentence_and_nothing_is_lost(page, tmp_path):
    take_example(page)
    file = tmp_path / "notes.txt"
    file.write_text("not a radiograph")
    choose(page, file, tone="refused")
    assert "not a PNG, JPEG or DICOM image" in page.inner_text("#status")
    assert WORDS["status.still"] in page.inner_text("#status")
    assert page.locator("#neighbours .card").count() == 11


def test_a_frame_of_several_is_asked_for(page, tmp_path):
    frames = np.stack([chest_like(1000), chest_like(1001)])
    file = tmp_path / "two.dcm"
    file.write_bytes(dicom(frames, bits=8, NumberOfFrames="2"))
    choose(page, file, tone="refused")
    page.locator("#frames input").fill("2")
    page.get_by_role("button", name=WORDS["gate.read_frame"]).click()
    page.wait_for_selector("#status .done")
    assert not page.locator("#frames").is_visible()


def test_an_unusual_radiographs_results_are_hidden_until_asked_for(page, dark_radiograph):
    choose(page, dark_radiograph)
    assert WORDS["gate.exposure"] in page.inner_text("#gate")
    assert page.inner_text("#probabilities") == page.inner_text("#neighbours") == WORDS["gated"]
    assert not star(page)
    page.get_by_role("button", name=WORDS["gate.override"]).click()
    page.wait_for_selector("#neighbours .card")
    assert page.locator("#probabilities .bar").count() == 5


def test_reading_first_hides_every_output_until_an_impression_is_marked(page):
    page.get_by_label(WORDS["readfirst.mode"]).check()
    take_example(page)
    assert page.inner_text("#probabilities") == page.inner_text("#neighbours") == WORDS["veiled"]
    assert not star(page) and "reference library" not in page.inner_text("#status")
    page.get_by_role("button", name=WORDS["readfirst.reveal"]).click()
    page.wait_for_selector("#status .refused")
    page.locator("#ask").get_by_label(WORDS["impression.normal"]).check()
    page.locator("#ask").get_by_label(WORDS["confidence.high"]).check()
    page.get_by_role("button", name=WORDS["readfirst.reveal"]).click()
    page.wait_for_selector("#neighbours .card")
    unfold(page, WORDS["readfirst.log"])
    page.wait_for_selector("#log tbody tr")
    assert page.locator("#log tbody tr").count() == 1
    assert not page.locator("#ask").is_visible()


def test_a_part_is_hidden_from_the_networks(page):
    take_example(page)
    page.locator("#viewer canvas").first.focus()
    for key in ("b", "Enter", *["ArrowDown"] * 5, "Enter"):
        page.keyboard.press(key)
    unfold(page, WORDS["probe.title"])
    page.wait_for_selector(".cxr-panel.probes tbody tr:nth-child(2)")
    page.get_by_role("button", name=WORDS["probe.undo"]).click()
    until(page, "!document.querySelector('.cxr-panel.probes tbody tr:nth-child(2)')")


def test_a_report_is_saved_with_the_label_that_was_given(page):
    take_example(page)
    unfold(page, WORDS["report.title.short"])
    page.get_by_label(WORDS["report.label"]).fill("Case 7")
    with page.expect_download() as html:
        page.get_by_role("button", name=WORDS["report.html"]).click()
    text = html.value.path().read_text(encoding="utf-8")
    assert "Case 7" in text and WORDS["disclaimer"] in text
    with page.expect_download() as saved:
        page.get_by_role("button", name=WORDS["report.json"]).click()
    said = json.loads(saved.value.path().read_text(encoding="utf-8"))
    assert said["label"] == "Case 7" and len(said["neighbours"]) == 11


def test_nothing_of_a_radiograph_stays_in_the_browser(page, radiograph):
    choose(page, radiograph)
    stored = page.evaluate(
        """async () => JSON.stringify([{ ...localStorage }, { ...sessionStorage },
            (await indexedDB.databases()).map(({ name }) => name),
            (await caches?.keys?.()) ?? [], document.cookie])"""
    )
    assert "Jane" not in stored and len(stored) < 300, stored


# --- other languages


@pytest.mark.parametrize("language", ["de", "es"])
def test_the_page_speaks(open_page, language):
    page = open_page(locale=language)
    words = messages(language)
    take_example(page)
    assert page.get_by_role("tab", name=words["tab.about"]).is_visible()
    assert words["head.binary"] in page.inner_text("#probabilities")
    assert words["title"] in page.inner_text("#header")


# --- batch


def analyse(page, *files: Path) -> None:
    """Choose files in the batch's own field, and start."""
    open_tab(page, WORDS["tab.batch"])
    page.locator("input[data-testid=file-upload]").first.set_input_files([str(f) for f in files])
    page.get_by_role("button", name=WORDS["batch.run"]).click()


def saved_csv(page) -> list[str]:
    with page.expect_download() as saved:
        page.get_by_role("button", name=WORDS["batch.csv"]).click()
    content = saved.value.path().read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")  # by which Excel knows UTF-8
    return content.decode("utf-8-sig").splitlines()


def left(uploads: Path) -> list[Path]:
    """Uploads that have not been deleted."""
    return [path for path in uploads.rglob("*") if path.is_file() and len(path.name) == 40]


def test_a_batch_of_files_and_archives_becomes_a_table(page, radiograph, tmp_path, uploads):
    archive, bad = tmp_path / "more.zip", tmp_path / "notes.txt"
    bad.write_text("not a radiograph")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("one/x.png", png(chest_like(1001)))
        packed.writestr("__MACOSX/x.png", b"")
        packed.write(bad, "two/notes.txt")
    analyse(page, radiograph, archive, bad)
    page.wait_for_selector("text=Finished: 2 of 4 analysed, 2 with a problem.")
    table = page.locator("#batch-table")
    assert "more.zip/one/x.png" in table.inner_text()
    lines = saved_csv(page)
    assert len(lines) == 5 and lines[0].startswith("file,status,reason,gate,burned_in,p_pneumonia")
    assert lines[1].startswith("Doe^Jane_1990-02-03.png,ok,") and left(uploads) == []
    assert violations(page) == []
    # A row opens its radiograph; one that came in an archive is not in the browser.
    open_row = page.get_by_role("button", name=WORDS["batch.open"])
    table.get_by_test_id("cell-1-0").click()
    until(page, "!document.querySelector('#open-row').disabled")
    open_row.click()
    page.wait_for_selector(f"#batch-status >> text={WORDS['batch.gone'][:40]}")
    table.get_by_test_id("cell-0-0").click()
    until(page, "document.querySelector('#chosen-file textarea').value.startsWith('Doe')")
    open_row.click()
    page.wait_for_selector("#status .done")
    assert page.locator("#neighbours .card").first.is_visible()
    assert "320 × 260" in page.inner_text("#status") and "Doe" not in page.inner_text("#status")
    page.get_by_label(WORDS["readfirst.mode"]).check()
    open_tab(page, WORDS["tab.batch"])
    until(page, "!document.querySelector('#batch-table')?.checkVisibility()")
    assert page.get_by_text(WORDS["batch.veiled"]).is_visible()


def test_a_batch_that_is_cancelled_keeps_what_was_finished(page, tmp_path, uploads):
    archive = tmp_path / "many.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for number in range(400):
            packed.writestr(f"{number}.png", png(chest_like(1000)))
    analyse(page, archive)
    page.wait_for_selector("#batch-status >> text=of 400 finished")
    page.get_by_role("button", name=WORDS["batch.cancel"]).click()
    page.wait_for_selector(f"text={WORDS['batch.cancelled']}")
    assert 2 <= len(saved_csv(page)) < 400
    page.wait_for_timeout(1000)
    assert page.get_by_text(WORDS["batch.cancelled"]).is_visible()
    for _ in range(100):  # until the radiograph under way is done
        if left(uploads) == []:
            break
        page.wait_for_timeout(200)
    assert left(uploads) == []


def test_files_dropped_on_read_are_a_batch(page, radiograph, tmp_path):
    other = tmp_path / "other.png"
    other.write_bytes(png(chest_like(1002)))
    files = [str(radiograph), str(other)]
    page.set_input_files("#drop-zone input[type=file]", files)
    page.wait_for_selector("text=Finished: 2 of 2 analysed")
    assert page.locator("#batch-table").is_visible()


# --- about


def test_the_about_tab_says_how_good_it_is_and_tests_itself(page):
    open_tab(page, WORDS["tab.about"])
    page.wait_for_selector(".card table")
    auc = json.loads((ASSETS / "metrics/evaluation.json").read_text())["binary"]["auc"]
    assert f"{auc:.3f}" in page.content()
    unfold(page, WORDS["about.training"])
    page.wait_for_selector(".training .legendtext")
    unfold(page, WORDS["about.self_test"])
    page.locator("#self-test").click()
    page.wait_for_selector("#self-test-results tbody tr:nth-child(4)")
    assert "4 of 4 examples differ" in page.content()  # the stored outputs are made up


# --- for everybody


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_is_in_anybodys_way(open_page, theme):
    page = open_page(f"/?__theme={theme}")
    assert violations(page) == []
    take_example(page)
    for title in (
        "search.title",
        "probe.title",
        "hundred.title",
        "how.title",
        "report.title.short",
    ):
        unfold(page, WORDS[title])
    assert violations(page) == []
    open_tab(page, WORDS["tab.batch"])
    assert violations(page) == []
    open_tab(page, WORDS["tab.about"])
    page.wait_for_selector(".card table")
    assert violations(page) == []


def test_a_phone_shows_one_column(open_page):
    page = open_page(viewport={"width": 390, "height": 844})
    take_example(page)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    order = ("#viewer", "#findings", "#zones", "#references")
    tops = [page.locator(name).bounding_box()["y"] for name in order]
    assert tops == sorted(tops)
    open_tab(page, WORDS["tab.about"])
    page.wait_for_selector(".card table")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_it_is_large_enough_at_1440_by_900(page):
    take_example(page)
    stage = page.locator("#viewer .stage").bounding_box()
    assert stage["height"] >= 560 and stage["y"] + stage["height"] <= 900
    assert page.locator("#map .js-plotly-plot").bounding_box()["height"] >= 340
    pictures = page.locator("#neighbours .large img").all()
    assert len(pictures) == 4
    assert all(picture.bounding_box()["width"] >= 120 for picture in pictures)
    said = page.locator(".cxr-panel.verdict .said").bounding_box()
    assert said["y"] + said["height"] <= 900


# --- numbers as people type them


def field(page, block: str = "#threshold"):
    return page.locator(f"{block} input[type=number]")


@pytest.mark.parametrize("language", ["en", "de", "es"])
@pytest.mark.parametrize("typed", ["0,35", "0.35"])
def test_a_decimal_comma_is_a_point_in_every_language(open_page, language, typed):
    page = open_page(locale=language)
    field(page).select_text()
    page.keyboard.type(typed)
    page.keyboard.press("Tab")
    assert field(page).input_value() == "0.35"
    until(page, "window.cxrViewers.viewer.state.threshold === 0.35")
    assert not page.is_visible(".toast")


@pytest.mark.parametrize("typed", ["abc", "7½", "-", "1,2,3", "35", "1.234,5", ""])
def test_what_is_no_number_of_the_range_keeps_the_old_one_and_says_so(page, typed):
    before = page.evaluate("window.cxrViewers.viewer.state.threshold")
    field(page).select_text()
    page.keyboard.press("Delete")
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert field(page).input_value() == str(before)
    until(page, "before => window.cxrViewers.viewer.state.threshold === before", before)
    assert page.inner_text(".toast:visible") == WORDS["number.unread"]
    # The next number that can be read takes the sentence away.
    field(page).select_text()
    page.keyboard.type("0,5")
    page.keyboard.press("Tab")
    assert field(page).input_value() == "0.5" and not page.is_visible(".toast")


def test_a_pasted_comma_is_a_point_and_the_wheel_leaves_numbers_alone(page):
    field(page).select_text()
    page.keyboard.insert_text(" 0,35 ")
    until(page, "window.cxrViewers.viewer.state.threshold === 0.35")
    field(page).hover()
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(300)
    assert field(page).input_value() == "0.35"
    assert page.evaluate("window.cxrViewers.viewer.state.threshold") == 0.35


# --- what a browser may meet


def drop_folder(page, folder: Path, x: int, y: int) -> None:
    """Drop a folder from a file manager at a place of the window."""
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    browser = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})


def test_a_folder_is_called_that_wherever_it_is_dropped(page, tmp_path, console_errors):
    drop_folder(page, tmp_path, 700, 500)
    page.wait_for_selector(f"#drop-zone .told:has-text('{WORDS['drop.unreadable']}')")
    open_tab(page, WORDS["tab.batch"])
    field = page.locator("#batch-files").bounding_box()
    drop_folder(page, tmp_path, 700, int(field["y"] + field["height"] / 2))
    assert page.inner_text(".toast:visible") == WORDS["drop.unreadable"]
    page.wait_for_timeout(500)
    assert page.locator("#batch-files .error").count() == 0, (
        "Gradio would call it a lost connection"
    )
    console_errors.clear()  # Chromium's own, of reading a folder


def test_one_radiograph_dropped_on_another_tab_is_shown_where_it_is_read(page, radiograph):
    open_tab(page, WORDS["tab.about"])
    page.set_input_files("#drop-zone input[type=file]", str(radiograph))
    page.wait_for_selector("#status .done")
    assert page.locator("#viewer canvas").first.is_visible()


def test_an_address_that_holds_a_login_works(serve_tiny, browser):
    address, _ = serve_tiny(login="ann:secret")
    page = browser.new_page()
    page.goto(address.replace("http://", "http://ann:secret@") + "/?__theme=light")
    page.wait_for_selector("#examples img")
    take_example(page)
    assert page.url == f"{address}/?__theme=light"
    page.close()


def test_a_first_request_that_fails_is_said(browser, address):
    page = browser.new_page()
    page.route("**/queue/join*", lambda route: route.abort())
    page.goto(address)
    page.wait_for_selector(".toast-body.error", timeout=ANSWER_MS)
    page.close()


def test_what_is_chosen_differs_in_forced_colours(open_page):
    page = open_page(forced_colors="active")
    tabs = page.get_by_role("tab")
    choices = page.locator("#point label")
    for chosen, other in ((tabs.nth(0), tabs.nth(1)), (choices.nth(0), choices.nth(1))):
        colours = [colour_at(one, 0.05, 0.5) for one in (chosen, other)]
        assert colours[0] != colours[1]
    box = page.locator("#read-first input")
    before = colour_at(box, 0.3, 0.25)
    box.check()
    assert colour_at(box, 0.3, 0.25) != before

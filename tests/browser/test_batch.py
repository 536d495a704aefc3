"""The Batch tab: many files and ZIP archives, good and bad, become a table and a CSV file.

What the models say of the shipped examples is written down here from `metrics/self_test.json`.
"""

import csv
import io
import struct
import zipfile
from pathlib import Path

import pytest

from cxr_demo.i18n import translate
from tests.browser.conftest import ANSWER_MS, EXAMPLES, answered, drop, until

HEALTHY = EXAMPLES / "NORMAL2-IM-1442-0001.jpeg"  # P(pneumonia) .018, bacterial .011, score .066
STRANGE = EXAMPLES / "NORMAL2-IM-1437-0001.jpeg"  # P(pneumonia) .505, normal .487, score .728
BACTERIAL = EXAMPLES / "person1946_bacteria_4874.jpeg"  # P(pneumonia) .989, .601, score .543
VIRAL = EXAMPLES / "person1950_bacteria_4881.jpeg"  # P(pneumonia) .953, viral .810, score .147

CENTRAL, LOCAL, ENDING = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"
FLAGS, METHOD, SIZE = {CENTRAL: 8, LOCAL: 6}, {CENTRAL: 10, LOCAL: 8}, {CENTRAL: 24, LOCAL: 22}

HURRY = """() => {
    const real = window.setTimeout;
    window.setTimeout = (act, ms) => real(act, ms / 20);
}"""
COUNT_INFLATED = """() => {
    window.inflated = 0;
    const Inflater = DecompressionStream;
    window.DecompressionStream = function (format) {
        const { writable, readable } = new Inflater(format);
        const counter = new TransformStream({ transform(chunk, out) {
            window.inflated += chunk.length;
            out.enqueue(chunk);
        } });
        return { writable, readable: readable.pipeThrough(counter) };
    };
}"""
COUNT_WORKING = """() => {
    window.most = 0;
    new MutationObserver(() => {
        const working = document.querySelectorAll('#batch-table [data-status=working]').length;
        window.most = Math.max(window.most, working);
    }).observe(document.getElementById('batch-table'), { childList: true, subtree: true });
}"""


@pytest.fixture
def batch(page):
    """The page on its Batch tab."""
    page.click("#tab-batch")
    return page


@pytest.fixture
def folder(tmp_path) -> "Folder":
    return Folder(tmp_path)


class Folder:
    """Where a test puts the files it drops."""

    def __init__(self, path: Path):
        self._path = path

    def file(self, name: str, content: bytes | Path | None = None) -> Path:
        """A file of that content; without, one that is no picture."""
        path = self._path / name
        content = name.encode() if content is None else content
        path.write_bytes(content.read_bytes() if isinstance(content, Path) else content)
        return path

    def archive(self, name: str, **entries: bytes) -> Path:
        return self.file(name, packed(entries))


def packed(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, body in entries.items():
            archive.writestr(name, body)
    return content.getvalue()


def patched(archive: bytes, offsets: dict[bytes, int], layout: str, value: int) -> bytes:
    """An archive of one file with another value in both of its headers."""
    content = bytearray(archive)
    for signature, offset in offsets.items():
        struct.pack_into(layout, content, content.index(signature) + offset, value)
    return bytes(content)


def put(page, *paths: Path, wait: bool = True) -> None:
    """Drop files on the drop zone and wait until all are through."""
    drop(page, *paths, on="#batch-drop", wait=False)
    if wait:
        over(page)


def over(page) -> None:
    page.wait_for_selector("#batch-table tbody tr")
    page.wait_for_selector("#batch-progress", state="hidden", timeout=ANSWER_MS)


def rows(page) -> list[dict]:
    """What the table shows, from top to bottom."""
    return page.evaluate(
        """() => [...document.querySelectorAll('#batch-table tbody tr')].map((line) => ({
            name: line.querySelector('th').textContent,
            title: line.querySelector('[title]').title,
            found: Object.fromEntries([...line.querySelectorAll('[data-column]')]
                .map((cell) => [cell.dataset.column, cell.textContent])),
            status: line.querySelector('[data-status]').dataset.status,
            said: line.querySelector('[data-status]').textContent,
            picture: line.querySelector('img')?.src.slice(0, 15) ?? null,
        }))"""
    )


def names(page) -> list[str]:
    return [row["name"] for row in rows(page)]


def line(page) -> str:
    return page.inner_text("#batch-status")


def saved(page) -> str:
    """The content of the CSV file."""
    with page.expect_download() as download:
        page.click("#batch-csv")
    assert download.value.suggested_filename == "batch.csv"
    return Path(download.value.path()).read_bytes().decode()


def test_an_empty_batch_says_what_to_do(batch):
    assert batch.inner_text("#batch-empty") == translate("batch.empty")
    assert batch.is_hidden("#batch-table")
    for button in ("cancel", "csv", "clear"):
        assert batch.is_disabled(f"#batch-{button}")


def test_a_bad_file_is_listed_with_its_reason_and_the_rest_get_done(batch, folder):
    batch.evaluate(COUNT_WORKING)
    put(batch, HEALTHY, folder.file("notes.png"), BACTERIAL)
    healthy, notes, bacterial = rows(batch)
    assert (healthy["status"], healthy["found"]["called"]) == ("done", "Normal")
    assert (bacterial["status"], bacterial["found"]["called"]) == ("done", "Bacterial")
    assert 1 <= float(healthy["found"]["pneumonia"].rstrip("%")) <= 3
    assert 97 <= float(bacterial["found"]["pneumonia"].rstrip("%")) <= 100
    assert 58 <= float(bacterial["found"]["bacterial"].rstrip("%")) <= 62
    assert 35 <= float(bacterial["found"]["viral"].rstrip("%")) <= 40
    assert 0.52 <= float(bacterial["found"]["score"]) <= 0.57
    assert [healthy["found"]["unusual"], bacterial["found"]["unusual"]] == ["no", "yes"]
    assert healthy["picture"] == "data:image/png;"
    assert notes["status"] == "refused"
    assert notes["said"] == f"{translate('batch.status.refused')} {translate('refused.kind.other')}"
    assert set(notes["found"].values()) == {""} and notes["picture"] is None
    assert line(batch) == "Finished: 2 of 3 analysed, 1 with a problem."
    assert batch.evaluate("window.most") == 2
    assert batch.get_attribute("#panel-read", "hidden") is not None


def test_files_may_be_chosen_and_added_to_and_cleared(batch, folder):
    batch.set_input_files("#batch-files", [folder.file("one.png"), folder.file("two.png")])
    over(batch)
    batch.set_input_files("#batch-files", [folder.file("three.png")])
    until(batch, "document.querySelectorAll('#batch-table tbody tr').length === 3")
    over(batch)
    assert names(batch) == ["one.png", "two.png", "three.png"]
    assert line(batch) == "Finished: 0 of 3 analysed, 3 with a problem."
    batch.click("#batch-clear")
    assert batch.is_visible("#batch-empty") and batch.is_hidden("#batch-table")
    assert line(batch) == ""


def test_several_files_dropped_anywhere_are_a_batch(page, folder):
    drop(page, folder.file("one.png"), folder.file("two.png"), on="#panel-read", wait=False)
    over(page)
    assert page.is_visible("#panel-batch")
    assert names(page) == ["one.png", "two.png"]


def test_an_archive_is_opened_file_by_file(batch, folder):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("stored.jpeg", HEALTHY.read_bytes(), zipfile.ZIP_STORED)
        archive.writestr("ward/", b"")
        archive.writestr("ward/7/zwölf.jpeg", VIRAL.read_bytes(), zipfile.ZIP_DEFLATED)
        archive.writestr("__MACOSX/ward/7/._zwölf.jpeg", b"of no interest")
        archive.writestr("__MACOSX/ward/icon.png", b"of no interest")
        archive.writestr("ward/.DS_Store", b"of no interest")
        archive.writestr("notes.txt", b"Nothing to see.", zipfile.ZIP_DEFLATED)
        archive.writestr("broken.jpeg", BACTERIAL.read_bytes(), zipfile.ZIP_STORED)
    bytes_ = bytearray(content.getvalue())
    bytes_[bytes_.index(BACTERIAL.read_bytes()) + 40_000] ^= 1  # a pixel; it still is a JPEG
    put(batch, folder.file("ward.zip", bytes(bytes_)))
    stored, nested, notes, broken = rows(batch)
    assert (stored["name"], stored["status"]) == ("stored.jpeg", "done")
    assert (nested["name"], nested["title"]) == ("zwölf.jpeg", "ward.zip/ward/7/zwölf.jpeg")
    assert (nested["status"], nested["found"]["called"]) == ("done", "Viral")
    assert notes["said"].endswith(translate("refused.kind.other"))
    assert broken["said"].endswith(translate("batch.zip.damaged"))
    assert line(batch) == "Finished: 2 of 4 analysed, 2 with a problem."


def test_what_cannot_be_unpacked_is_refused_alone(batch, folder):
    notes = {"notes.png": b"Nothing to see."}
    stored = packed({"notes.png": b"\xff" * 20}, zipfile.ZIP_STORED)
    put(
        batch,
        folder.file("1.zip", patched(packed(notes), FLAGS, "<H", 1)),
        folder.file("2.zip", packed(notes, zipfile.ZIP_BZIP2)),
        folder.file("3.zip", packed({"large.png": bytes(64 * 2**20 + 1)})),
        folder.file("4.zip", patched(stored, METHOD, "<H", 8)),
        folder.file("5.zip", patched(packed(notes), SIZE, "<I", 0xFFFFFFFF)),
        folder.file("6.zip", patched(packed(notes), {CENTRAL: 42}, "<I", 3)),
        folder.file("7.zip", packed(notes)),
    )
    reasons = ("encrypted", "method", "large", "damaged", "zip64", "damaged")
    expected = [translate(f"batch.zip.{reason}", megabytes=64) for reason in reasons]
    expected.append(translate("refused.kind.other"))
    assert [row["said"].removeprefix("Not read ") for row in rows(batch)] == expected
    buttons = batch.locator("#batch-table tbody button")
    assert buttons.all_inner_texts() == ["notes.png"], "what was unpacked can be opened, only that"


def test_what_is_no_archive_is_refused_whole(batch, folder):
    good = packed({"notes.png": b"Nothing to see."})
    ending = good.index(ENDING)
    several = {f"{number}.png": b"" for number in range(1001)}
    put(
        batch,
        folder.file("text.zip"),
        folder.file("cut.zip", good[:-30]),
        folder.file("miscounted.zip", patched(good, {ENDING: 10}, "<H", 2)),
        folder.file("outside.zip", patched(good, {ENDING: 16}, "<I", ending)),
        folder.file("zip64.zip", patched(good, {ENDING: 16}, "<I", 0xFFFFFFFF)),
        folder.file("many.zip", packed(several)),
        folder.file("empty.zip", packed({"folder/": b"", ".hidden": b""})),
    )
    reasons = ["damaged"] * 4 + ["zip64", "many", "empty"]
    expected = [translate(f"batch.zip.{reason}", most=1000) for reason in reasons]
    assert [row["said"].removeprefix("Not read ") for row in rows(batch)] == expected


def test_a_thousand_files_and_as_much_that_is_hidden_are_a_batch(batch, folder):
    several = {f"{number}.png": str(number).encode() for number in range(1000)}
    hidden = {f"__MACOSX/._{number}.png": b"" for number in range(1000)}
    put(batch, folder.file("many.zip", packed({**several, **hidden})), wait=False)
    batch.wait_for_selector("#batch-table tbody tr")
    batch.click("#batch-cancel")
    assert batch.locator("#batch-table tbody tr").count() == 1000


def test_a_bomb_is_given_up_before_it_goes_off(batch, folder):
    batch.evaluate(COUNT_INFLATED)
    bomb = patched(packed({"bomb.png": bytes(200 * 2**20)}), SIZE, "<I", 1000)
    put(batch, folder.file("bomb.zip", bomb), folder.file("notes.png"))
    found, notes = rows(batch)
    assert found["said"].endswith(translate("batch.zip.more"))
    assert notes["said"].endswith(translate("refused.kind.other"))
    assert 1000 < batch.evaluate("window.inflated") < 40 * 2**20


def test_every_column_sorts_both_ways(batch, folder):
    put(
        batch,
        folder.file("9.jpeg", BACTERIAL),
        folder.file("1.txt"),
        folder.file("10.jpeg", STRANGE),
        folder.file("2.jpeg", HEALTHY),
    )
    assert names(batch) == ["9.jpeg", "1.txt", "10.jpeg", "2.jpeg"]
    # What has no value comes last either way; what is equal stays as it came.
    for column, upwards, downwards in [
        ("file", "1.txt 2 9 10", "10 9 2 1.txt"),
        ("pneumonia", "2 10 9 1.txt", "9 10 2 1.txt"),
        ("bacterial", "2 10 9 1.txt", "9 10 2 1.txt"),
        ("viral", "2 10 9 1.txt", "9 10 2 1.txt"),
        ("score", "2 9 10 1.txt", "10 9 2 1.txt"),
        ("called", "10 2 9 1.txt", "9 10 2 1.txt"),
        ("unusual", "2 9 10 1.txt", "9 10 2 1.txt"),
        ("status", "9 10 2 1.txt", "1.txt 9 10 2"),
    ]:
        for expected, direction in ((upwards, "ascending"), (downwards, "descending")):
            batch.click(f"[data-sort={column}]")
            assert " ".join(names(batch)).replace(".jpeg", "") == expected, (column, direction)
            sorts = batch.eval_on_selector_all(
                "#batch-table th[aria-sort]:not([aria-sort=none])",
                "(heads) => heads.map((head) => [head.firstChild.dataset.sort, head.ariaSort])",
            )
            assert sorts == [[column, direction]]


def test_rows_find_their_place_as_they_come_in(batch, folder):
    put(batch, folder.file("b.png"))
    batch.click("[data-sort=file]")
    put(batch, folder.file("c.png"), folder.file("a.png"))
    assert names(batch) == ["a.png", "b.png", "c.png"]
    batch.click("[data-sort=pneumonia]")
    batch.click("[data-sort=pneumonia]")
    put(batch, folder.file("d.png", HEALTHY), folder.file("e.png", BACTERIAL))
    assert names(batch)[:2] == ["e.png", "d.png"]


def test_cancel_keeps_what_is_done_and_stops_the_rest(batch, folder):
    put(batch, *sorted(EXAMPLES.glob("*.jpeg"))[:8], wait=False)
    batch.wait_for_selector("#batch-table [data-status=done]", timeout=ANSWER_MS)
    batch.click("#batch-cancel")
    over(batch)
    asked = []
    batch.on("request", lambda request: asked.append(request.url))
    statuses = [row["status"] for row in rows(batch)]
    done, cancelled = statuses.count("done"), statuses.count("cancelled")
    assert done >= 1 and cancelled >= 4 and done + cancelled == 8
    assert line(batch) == (
        f"Stopped: {done} of 8 analysed, 0 with a problem, {cancelled} cancelled."
    )
    batch.wait_for_timeout(1500)
    assert [row["status"] for row in rows(batch)] == statuses and asked == []
    put(batch, folder.file("after.jpeg", HEALTHY))
    assert rows(batch)[-1]["status"] == "done"


def test_the_csv_file_is_one_and_holds_no_formulas(batch, folder):
    put(
        batch,
        folder.file("=1+1.png", HEALTHY),
        folder.file('a "b", c.png', BACTERIAL),
        folder.file("-1.txt"),
        folder.archive("w.zip", **{"@sum.txt": b"Nothing to see."}),
    )
    text = saved(batch)
    assert text.startswith(
        "file,status,reason,gate,burned_in,p_pneumonia,p_normal,p_bacterial,p_viral,anomaly_score,"
        "anomaly_threshold,unusual,classifier_hash\r\n'=1+1.png,done,,usable,false,0.0"
    )
    assert '\r\n"a ""b"", c.png",done,,usable,false,0.9' in text
    assert text.count("\r\n") == 5 and text.endswith("\r\n")
    formula, quoted, minus, at = csv.DictReader(io.StringIO(text, newline=""))
    shares = [float(formula[f"p_{name}"]) for name in ("normal", "bacterial", "viral")]
    assert sum(shares) == pytest.approx(1) and shares[0] == pytest.approx(0.962, abs=0.02)
    assert float(formula["p_pneumonia"]) == pytest.approx(0.0181, abs=0.02)
    assert float(formula["anomaly_score"]) == pytest.approx(0.0659, abs=0.02)
    assert float(formula["anomaly_threshold"]) == 0.476
    assert (formula["unusual"], quoted["unusual"]) == ("false", "true")
    assert len(formula["classifier_hash"]) == 12
    assert (quoted["file"], quoted["status"], quoted["reason"]) == ('a "b", c.png', "done", "")
    assert (minus["file"], minus["status"]) == ("'-1.txt", "refused")
    assert minus["reason"] == translate("refused.kind.other")
    assert minus["p_pneumonia"] == minus["unusual"] == minus["classifier_hash"] == ""
    assert at["file"] == "w.zip/@sum.txt"


def test_every_formula_sign_is_defused_and_numbers_stay(page):
    text = page.evaluate(
        """async () => (await import('/ui/batch/csv.js')).csv(
            ['=a', '+a', '-a', '@a', '\\ta', '\\ra', 'a=', '1', 'a\\nb'].map((path) => ({
                path, status: 'done', reason: null,
                found: { pneumonia: -0.5, normal: 1e-9, unusual: true },
            })))"""
    )
    files = ["'=a", "'+a", "'-a", "'@a", "'\ta", '"\'\ra"', "a=", "1", '"a\nb"']
    expected = [f"{file},done,,,,-0.5,1e-9,,,,,true," for file in files]
    assert text.split("\r\n")[1:-1] == expected


@pytest.mark.parametrize("packed_in", [None, "zip"])
def test_a_row_opens_in_the_viewer(batch, folder, packed_in):
    content = HEALTHY.read_bytes()
    path = folder.archive("w.zip", **{"a/b.jpeg": content}) if packed_in else HEALTHY
    put(batch, path)
    batch.click("#batch-table tbody button")
    answered(batch)
    assert batch.get_attribute("#status", "data-tone") == "done"
    assert batch.is_visible("#panel-read") and batch.is_hidden("#panel-batch")
    assert batch.evaluate("document.activeElement.id") == "tab-read"


def test_a_keyboard_is_enough(page, folder):
    page.focus("#tab-read")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "read-first"

    def tab_to(selector: str) -> None:
        for _ in range(20):
            if page.evaluate("(one) => document.activeElement.matches(one)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"{selector} is not reached")

    tab_to("#batch-files")
    put(page, folder.file("b.jpeg", HEALTHY), folder.file("a.png"))
    tab_to("#batch-table")  # it scrolls
    tab_to("[data-sort=file]")
    page.keyboard.press("Enter")
    assert names(page) == ["a.png", "b.jpeg"]
    page.keyboard.press("Space")
    assert names(page) == ["b.jpeg", "a.png"]
    assert page.evaluate("document.activeElement.dataset.sort") == "file"
    tab_to("tbody button")
    page.keyboard.press("Enter")
    answered(page)
    assert page.get_attribute("#status", "data-tone") == "done"
    assert page.is_visible("#panel-read")


def test_focus_in_a_row_survives_its_answer(batch):
    put(batch, HEALTHY, wait=False)
    batch.focus("#batch-table tbody button")
    over(batch)
    assert batch.evaluate("document.activeElement.textContent") == HEALTHY.name


def test_read_first_shows_nothing_of_the_models(batch):
    put(batch, HEALTHY, BACTERIAL)
    batch.click("[data-sort=pneumonia]")
    batch.click("[data-sort=pneumonia]")
    assert names(batch) == [BACTERIAL.name, HEALTHY.name]
    batch.check("#read-first")
    assert batch.inner_text("#batch-veiled") == translate("batch.veiled")
    healthy, bacterial = rows(batch)
    assert healthy["name"] == HEALTHY.name, "their order tells nothing either"
    assert healthy["found"] == bacterial["found"] == {}
    assert bacterial["said"] == translate("batch.status.done")
    assert batch.is_disabled("#batch-csv")
    columns = batch.locator("#batch-table thead button").all_inner_texts()
    assert columns == [translate("batch.column.file"), translate("batch.column.status")]
    put(batch, VIRAL)
    assert rows(batch)[2]["found"] == {}
    batch.uncheck("#read-first")
    assert batch.is_hidden("#batch-veiled") and batch.is_enabled("#batch-csv")
    assert rows(batch)[2]["found"]["called"] == "Viral"


@pytest.fixture
def turned_away(browser, address):
    """Opens the Batch tab where the queue is full so many times; also a list of what was asked.

    A refused request is an error on the console, which `open_page` does not forgive.
    """
    context = browser.new_context()

    def open_one(times: int):
        page, asked = context.new_page(), []

        def answer(route):
            asked.append(route.request.url)
            if len(asked) > times:
                route.continue_()
            else:
                route.fulfill(status=503)

        page.route("**/gradio_api/call/analyse", answer)
        page.goto(f"{address}/?lang=en")
        page.wait_for_selector("body[data-ready]")
        page.evaluate(HURRY)
        page.click("#tab-batch")
        return page, asked

    yield open_one
    context.close()


def test_a_full_queue_is_asked_again(turned_away):
    page, asked = turned_away(3)
    put(page, HEALTHY)
    assert len(asked) == 4
    assert rows(page)[0]["status"] == "done"


def test_a_queue_that_stays_full_is_a_reason(turned_away):
    page, asked = turned_away(1000)
    put(page, HEALTHY)
    assert len(asked) == 4
    said = f"{translate('batch.status.failed')} {translate('call.full')}"
    assert rows(page)[0]["said"] == said


def test_a_file_that_is_gone_is_a_reason(batch):
    batch.evaluate(
        """async () => {
            const gone = new File(['a'], 'gone.png');
            const error = new DOMException('gone', 'NotFoundError');
            gone.slice = () => ({ arrayBuffer: () => Promise.reject(error) });
            await (await import('/ui/batch/batch.js')).take([gone]);
        }"""
    )
    over(batch)
    assert rows(batch)[0]["said"].endswith(translate("batch.unreadable"))


def test_the_table_speaks_another_language(batch, folder):
    words = '{"batch.status.refused": "Abgelehnt", "batch.finished": "Fertig: {done}/{total}"}'
    batch.route("**/wording/de.json", lambda route: route.fulfill(body=words))
    put(batch, folder.file("notes.png"))
    batch.select_option("#language", "de")
    batch.wait_for_selector("html[lang=de]")
    assert rows(batch)[0]["said"].startswith("Abgelehnt ")
    assert line(batch) == "Fertig: 0/1"

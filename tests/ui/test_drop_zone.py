"""Files on their way in: dropped anywhere, pasted, chosen; what arrives of them, never a name."""

import json
from base64 import b64encode
from contextlib import suppress

import pytest

from cxr_demo.errors import UserError
from cxr_demo.i18n import messages
from cxr_demo.server.gradio_setup import gr
from cxr_demo.server.refusals import checked
from cxr_demo.ui.components.drop_zone import Batch, DropZone, Radiograph
from cxr_demo.ui.components.map_link import MapLink
from tests.accessibility import violations
from tests.ui.conftest import until

NAME = "Doe^Jane.dcm"
DISPATCH = """([type, on, files]) => {
    const transfer = new DataTransfer();
    for (const [name, content] of files) {
        const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
    }
    const options = { bubbles: true, cancelable: true };
    const event = type === 'paste'
        ? new ClipboardEvent(type, { ...options, clipboardData: transfer })
        : new DragEvent(type, { ...options, dataTransfer: transfer });
    document.querySelector(on).dispatchEvent(event);
    return event.defaultPrevented;
}"""


FIELD = ".cxr-drop input"
READY = "!!window.cxrDropZones"
ONE = "#one textarea, #one input"
NOTE_NAMES = """() => {
    window.uploadedNames = [];
    const { append } = FormData.prototype;
    FormData.prototype.append = function (key, value, ...name) {
        if (value instanceof File) window.uploadedNames.push([value.name, ...name].join());
        return append.call(this, key, value, ...name);
    };
}"""


def arrive(page, *files: tuple[str, bytes], on: str = "body", by: str = "drop") -> bool:
    """Drop or paste files, as from a file manager; whether the browser's own way was stopped."""
    encoded = [[name, b64encode(content).decode()] for name, content in files]
    return page.evaluate(DISPATCH, [by, on, encoded])


@pytest.fixture(scope="module")
def address(serve):
    with gr.Blocks() as demo:
        drop = DropZone()
        MapLink("none")  # tells the page its language
        gr.File(label="beside", elem_id="beside")
        frame = gr.Number(3, precision=0, label="frame")
        again = gr.Button("again")
        one = gr.Textbox(label="one", elem_id="one")
        many = gr.Textbox(label="many", elem_id="many")
        drop.radiograph(lambda sent: json.dumps([sent, *checked(Radiograph, sent)]), drop, one)
        drop.batch(lambda sent: json.dumps(checked(Batch, sent).files), drop, many)
        again.click(None, frame, None, js=drop.frame_js())
    return serve(demo)


@pytest.fixture
def page(open_page, address):
    page = open_page(address)
    until(page, READY)
    page.wait_for_selector(ONE)
    return page


def received(page, where: str = "one", before: str = "") -> list:
    """What Python was given, once it is another thing than before."""
    field = f"document.querySelector('#{where} :is(textarea, input)').value"
    until(page, f"before => !['', before].includes({field})", before)
    return json.loads(page.evaluate(field))


def test_a_file_dropped_anywhere_arrives_without_its_name(page):
    sent = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.evaluate(NOTE_NAMES)
    assert arrive(page, (NAME, b"DICM as it is"), on="footer"), "it would open in place of the page"
    value, path, frame = received(page)
    assert frame is None and value == {"path": path, "frame": None}
    with open(path, "rb") as file:  # noqa: PTH123
        assert file.read() == b"DICM as it is"
    uploaded = page.evaluate("window.uploadedNames")
    assert len(uploaded) == 1 and "Doe" not in "".join([*uploaded, *sent])
    assert "Doe" not in page.inner_text("body") and "Doe" not in path


def test_two_drops_of_one_file_are_two_files(page):
    arrive(page, (NAME, b"twice"))
    first = received(page)
    arrive(page, (NAME, b"twice"))
    assert received(page, before=json.dumps(first))[1] != first[1]


def test_a_pasted_file_is_taken_and_pasted_text_is_not(page):
    assert not arrive(page, by="paste")
    arrive(page, ("image.png", b"from the clipboard"), by="paste")
    _, path, _ = received(page)
    with open(path, "rb") as file:  # noqa: PTH123
        assert file.read() == b"from the clipboard"


def test_a_file_is_chosen_by_keyboard(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "file"
    choosers = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    for _ in range(20):  # keys that come before the first picture of the page are dropped
        page.keyboard.press(" ")
        page.wait_for_timeout(300)
        if choosers:
            break
    choosers[0].set_files({"name": NAME, "mimeType": "", "buffer": b"chosen"})
    assert received(page)[0]["frame"] is None


def test_several_files_and_an_archive_are_a_batch(page):
    arrive(page, ("a.png", b"1"), ("b.png", b"2"))
    pairs = received(page, "many")
    assert [name for _, name in pairs] == ["a.png", "b.png"]
    assert len({path for path, _ in pairs}) == 2
    arrive(page, ("all", b"PK\x03\x04 and so on"))
    assert [name for _, name in received(page, "many", json.dumps(pairs))] == ["all"]
    assert page.input_value(ONE) == ""


def test_another_frame_of_the_same_file_is_asked_for(page):
    arrive(page, (NAME, b"several frames"))
    first = received(page)
    page.click("text=again")
    value, path, frame = received(page, before=json.dumps(first))
    assert frame == value["frame"] == 3 and path != first[1]


def test_a_field_of_gradios_own_keeps_its_drops(page):
    from playwright.sync_api import TimeoutError

    for _ in range(9):  # Gradio draws the field before it listens; a person would try again, too
        arrive(page, ("a.png", b"1"), on="#beside button")
        with suppress(TimeoutError):
            page.wait_for_selector("#beside [aria-label='a.png']", timeout=10_000)
            break
    else:
        pytest.fail("the file was never shown")
    assert page.input_value(ONE) == ""


def test_dragging_over_the_page_shows_where_it_goes(page):
    arrive(page, ("a.png", b"1"), by="dragover")
    assert page.locator(".cxr-drop.over").count() == 1
    arrive(page, by="dragleave")
    assert page.locator(".cxr-drop.over").count() == 0


REFUSED = {"refusal": {"key": "call.often", "values": {"seconds": 7}}}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "connection to the demo was lost"),
        ({"status": 502, "body": "<html>"}, "connection to the demo was lost"),
        ({"status": 429, "json": REFUSED}, "try again in 7 s"),
    ],
    ids=["broken off", "another server", "refused"],
)
def test_an_upload_that_fails_is_said(page, console_errors, answer, words):
    page.route("**/upload*", lambda route: route.fulfill(**answer) if answer else route.abort())
    arrive(page, (NAME, b"lost"))
    until(page, "words => document.querySelector('.told').textContent.includes(words)", words)
    assert page.input_value(ONE) == ""
    console_errors.clear()


def says_unreadable(page, language: str = "en") -> None:
    """Wait until the field says so."""
    words = messages(language)["drop.unreadable"]
    until(page, "words => document.querySelector('.told').textContent === words", words)


@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_a_folder_is_called_that_in_the_reader_s_language(open_page, address, tmp_path, language):
    page = open_page(address, locale=language)
    until(page, READY)
    where = {"x": 300, "y": 400, "data": {"items": [], "files": [str(tmp_path)]}}
    where["data"]["dragOperationsMask"] = 1
    browser = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.send("Input.dispatchDragEvent", {"type": kind, **where})
    says_unreadable(page, language)
    assert page.input_value(ONE) == ""


def test_a_file_that_has_gone_since_it_was_chosen_is_not_called_a_lost_connection(page, tmp_path):
    file = tmp_path / NAME
    file.write_bytes(b"several frames")
    page.set_input_files(FIELD, file)
    before = json.dumps(received(page))
    file.unlink()
    page.click("text=again")
    says_unreadable(page)
    assert page.input_value(ONE) == before


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_accessibility(open_page, address, theme):
    page = open_page(address, theme)
    until(page, READY)
    ours = ("cxr-drop", 'type="file"')
    assert [one for one in violations(page) if any(part in one for part in ours)] == []


def test_german(open_page, address):
    page = open_page(address, locale="de")
    from playwright.sync_api import expect

    expect(page.locator(FIELD)).to_have_accessible_name(messages("de")["drop"], timeout=60_000)


# --- strangers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [None, "path", 3, [], {}, {"path": "a"}, {"path": 3, "frame": 1}, {"path": None, "frame": 1}]
    + [{"path": "a", "frame": frame} for frame in (1.5, True, "1", [1])],
)
def test_a_forged_radiograph_is_refused(sent):
    with pytest.raises(UserError):
        checked(Radiograph, sent)


@pytest.mark.parametrize(
    "sent",
    [
        None,
        {},
        {"files": []},
        {"files": "ab"},
        {"files": ["a"]},
        {"files": [{"path": "a"}]},
        {"files": [{"path": "a", "name": 1}]},
        {"files": [{"path": 1, "name": "a"}]},
        {"files": [{"path": "a", "name": "b"}] * 2_001},
    ],
)
def test_a_forged_batch_is_refused(sent):
    with pytest.raises(UserError):
        checked(Batch, sent)


def test_what_is_as_it_should_be_is_taken():
    assert checked(Radiograph, {"path": "a", "frame": 10_000}) == ("a", 10_000)
    batch = checked(Batch, {"files": [{"path": "a", "name": "b" * 300}]})
    assert batch.files == [("a", "b" * 200)]

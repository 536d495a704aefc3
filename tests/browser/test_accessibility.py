"""WCAG 2 A and AA by axe-core on every tab and in every state, and the keyboard everywhere."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import NORMAL, drop, read_example

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


def violations(page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{v['id']}: {node['html'][:160]}" for v in found for node in v["nodes"]]


@pytest.fixture(params=["dark", "light"])
def themed(open_page, request):
    page = open_page(with_map=True)
    if request.param == "light":
        page.click("#theme")
    return page


def test_before_the_first_radiograph(themed):
    assert violations(themed) == []


def test_with_a_reading_and_everything_open(themed):
    read_example(themed)
    themed.wait_for_selector("#neighbours .card")
    for summary in themed.locator("#panel-read summary").all():
        summary.click()
    themed.click("#map-table")
    themed.select_option("#compare", "side")
    themed.click("#neighbours .card >> nth=0")
    themed.wait_for_selector("#found tbody tr")
    assert violations(themed) == []
    themed.select_option("#compare", "swipe")
    themed.select_option("#overlay", "saliency viral")
    assert violations(themed) == []


def test_reading_first(themed):
    themed.check("#read-first")
    read_example(themed)
    assert violations(themed) == []
    themed.check("input[name=impression][value=normal]")
    themed.check("input[name=confidence][value=low]")
    themed.click("#reveal")
    assert violations(themed) == []


def test_the_batch(themed):
    themed.click("#tab-batch")
    assert violations(themed) == []
    drop(themed, NORMAL, on="#batch-drop", wait=False)
    themed.wait_for_selector("#panel-batch tbody tr img")
    assert violations(themed) == []


def test_the_about_tab(themed):
    themed.click("#tab-about")
    themed.wait_for_selector("#self-test")
    for summary in themed.locator("#panel-about summary").all():
        summary.click()
    assert violations(themed) == []


def test_a_phone(open_page):
    page = open_page(viewport={"width": 390, "height": 844})
    read_example(page)
    assert violations(page) == []


@pytest.mark.parametrize("tab", ["read", "batch", "about"])
def test_everything_to_click_is_reached_by_the_tab_key(page, tab):
    if tab == "read":
        read_example(page)
        page.wait_for_selector("#neighbours .card")
    page.click(f"#tab-{tab}")
    page.wait_for_timeout(500)
    wanted = page.evaluate(
        """() => {
            const all = [...document.querySelectorAll(
                'button, select, input:not([type=radio]), summary, a[href], canvas')];
            const open = all.filter((e) => e.checkVisibility() && !e.disabled
                && e.getAttribute('tabindex') !== '-1' && !e.closest('#atlas, #colour-bar'));
            open.forEach((e, i) => { e.dataset.wanted = i; });
            return open.length;
        }"""
    )
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(3 * wanted + 60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement?.dataset.wanted ?? ''"))
        if len(reached - {""}) == wanted:
            break
    assert wanted > 3 and len(reached - {""}) == wanted


def test_tabs_move_by_arrow_keys(page):
    page.focus("#tab-read")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#tab-batch", "aria-selected") == "true"
    assert page.is_visible("#panel-batch") and not page.is_visible("#panel-read")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.get_attribute("#tab-about", "aria-selected") == "true"

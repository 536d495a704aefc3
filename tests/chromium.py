"""Debian's Chromium, for all tests of what a browser shows."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HERE = ("http://127.0.0.1:", "data:", "blob:")
"""How addresses begin that a page of ours may ask for."""


@contextmanager
def headless() -> Iterator:
    """It, without a window. Where CI is set it must be there; elsewhere its tests are skipped."""
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield running
        running.close()

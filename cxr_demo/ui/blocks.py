"""The page as `gr.Blocks`: header, tabs, and the three documented endpoints."""

from cxr_demo.i18n import LANGUAGES, messages
from cxr_demo.reading.archive import MAX_ARCHIVE_BYTES
from cxr_demo.server.gradio_setup import gr  # before all that imports Gradio

# isort: split
from gradio.i18n import I18nData as T

from cxr_demo.server.api import Endpoints
from cxr_demo.server.questions import WAITING
from cxr_demo.server.service import Service
from cxr_demo.server.settings import Settings
from cxr_demo.server.uploads import Uploads
from cxr_demo.ui.tabs.about import AboutTab
from cxr_demo.ui.tabs.batch import BatchTab
from cxr_demo.ui.tabs.reading import NETWORKS, SEARCHES, ReadingTab
from cxr_demo.ui.theme import CSS, SCRIPT, reading_room
from cxr_demo.wording.spans import say


def build(service: Service, uploads: Uploads, settings: Settings) -> gr.Blocks:
    """The page and its API.

    Args:
        service: models and library; may still be loading.
        uploads: where files arrive.
        settings: what visitors may do.
    """
    endpoints = Endpoints(service, uploads)
    title = messages()["title"]
    with gr.Blocks(title=title, analytics_enabled=False, fill_width=True) as demo:
        # First, so that no event of the page takes their names.
        gr.api(endpoints.analyse, api_name="analyse", **NETWORKS)
        gr.api(endpoints.neighbours, api_name="neighbours", **SEARCHES)
        gr.api(endpoints.rethreshold, api_name="rethreshold", **SEARCHES)
        gr.HTML(f"<h1>{say('title')}</h1><p>{say('disclaimer')}</p>", elem_id="header")
        for key in ("number.unread", "drop.unreadable"):
            gr.HTML(f'<p id="{key}" class="warning toast" role="alert" hidden>{say(key)}</p>')
        read_first = gr.Checkbox(False, label=T("readfirst.mode"), elem_id="read-first")
        with gr.Tabs() as tabs:
            with gr.Tab(T("tab.read"), id="read"):
                reading = ReadingTab(service, uploads, read_first, settings.offers_pictures)
            with gr.Tab(T("tab.batch"), id="batch"):
                BatchTab(service, uploads, reading.drop, read_first, tabs)
            with gr.Tab(T("tab.about"), id="about") as about:
                AboutTab(service, about, read_first)
        hidden = {"api_visibility": "private", "show_progress": "hidden"}
        demo.load(reading.fill_page, None, reading.filled, **hidden, **SEARCHES)
    demo.queue(max_size=2 * WAITING)  # the guard refuses before that, in words of its own
    demo.state_session_capacity = 64
    return demo


APPEARANCE = {
    "theme": reading_room(),
    "css": CSS,
    "js": SCRIPT,
    "i18n": gr.I18n(**{language: messages(language) for language in LANGUAGES}),
    "footer_links": ["api", "settings"],
    "run_history": False,
    "enable_monitoring": False,
    "ssr_mode": False,
    "pwa": False,
    "show_error": False,
    "max_file_size": MAX_ARCHIVE_BYTES,
}
"""For `demo.launch` and `gr.mount_gradio_app`."""

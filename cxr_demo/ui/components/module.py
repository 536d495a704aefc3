"""What our components have in common: a script beside them, and the page's language.

Data contract: SCRIPT.js has `export default function ({element, props, trigger, watch, upload})`,
which Gradio gives to `js_on_load`. Modules may import each other (`./words.js`).
"""

from collections.abc import Sequence
from pathlib import Path

from gradio.i18n import I18nData

from cxr_demo.server.gradio_setup import gr

FOLDER = Path(__file__).parent

gr.set_static_paths([FOLDER])

IMPORT = """
const events = {events}; // Gradio knows those that stand here in quotes, and no others
const root = (window.gradio_config ?? window.cxr_config)?.root ?? document.baseURI;
const address = new URL({address!r}, root.endsWith('/') ? root : root + '/').href;
import(address).then((module) => module.default({{ element, props, trigger, watch, upload }}));
"""


class Scripted(gr.HTML):
    """A component with SCRIPT.js, and SCRIPT.css where there is one, in this folder.

    Gradio translates labels live, so `props.label` is "en", "de" or "es" in the browser, and
    `watch('label', …)` is called when the reader chooses another language. Sentences come from
    `words.js`, which reads the translations that Gradio sends with its config.

    Args:
        script: SCRIPT.
        events: those that it triggers.
        options: of `gr.HTML`; others reach the script as `props`.
    """

    def __init__(self, script: str, events: Sequence[str] = (), **options):
        version = max(path.stat().st_mtime_ns for path in FOLDER.glob("*.js"))
        address = f"gradio_api/file={(FOLDER / script).as_posix()}.js?v={version}"
        styles = FOLDER / f"{script}.css"
        if styles.exists():
            options |= {"css_template": styles.read_text("utf-8"), "apply_default_css": False}
        super().__init__(
            label=I18nData("language.code"),
            js_on_load=IMPORT.format(events=list(events), address=address),
            **options,
        )

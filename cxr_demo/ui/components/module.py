"""Load a component's ES module in the browser, and say in which language the page speaks.

Data contract: NAME.js beside NAME.py has `export default function ({element, props, trigger, watch,
upload, server})`, which Gradio gives to `js_on_load`. Modules may import each other
(`./words.js`).

Every component is made with `label=LANGUAGE`: Gradio translates labels live, so `props.label` is
"en", "de" or "es", and `watch('label', …)` is called when the reader chooses another language.
Sentences come from `words.js`, which reads the translations that Gradio sends with its config.
"""

from pathlib import Path

import gradio as gr
from gradio.i18n import I18nData

FOLDER = Path(__file__).parent
LANGUAGE = I18nData("language.code")

gr.set_static_paths([FOLDER])


def load_module(name: str, *events: str) -> str:
    """The `js_on_load` of a component.

    Args:
        name: of the module, without ".js".
        events: those that it triggers; Gradio knows no others.
    """
    version = max(path.stat().st_mtime_ns for path in FOLDER.glob("*.js"))
    address = f"gradio_api/file={FOLDER / name}.js?v={version}"
    quoted = ", ".join(f"'{event}'" for event in events)
    return f"""
const events = [{quoted}];
const root = (window.gradio_config ?? window.cxr_config)?.root ?? document.baseURI;
const address = new URL({address!r}, root.endsWith('/') ? root : root + '/').href;
import(address).then((module) => module.default({{ element, props, trigger, watch, upload }}));
"""

"""The Blocks tree and its wiring; everything that happens is in `handlers`."""

from pathlib import Path

import gradio as gr

from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import Artefacts
from cxr_demo.ui import figures, text
from cxr_demo.ui.handlers import Handlers

STATIC = Path(__file__).parent / "static"
PROJECTIONS = [("UMAP", "umap"), ("t-SNE", "tsne")]

LAUNCH = {
    "theme": gr.themes.Base(
        primary_hue="sky",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ),
    "css_paths": STATIC / "page.css",
    "js": "() => document.body.classList.add('dark')",
    "footer_links": [],
    "run_history": False,
    "enable_monitoring": False,
    "ssr_mode": False,
    "pwa": False,
    "max_file_size": "64mb",
}
"""What belongs to `launch()` in Gradio 6: looks, and no trace of what users do."""


def build_page(analyser: Analyser, artefacts: Artefacts) -> gr.Blocks:
    """Lay out the page.

    Args:
        analyser: the loaded service behind it.
        artefacts: where the examples come from.
    """
    examples = [artefacts.root / path for path in artefacts.paths if path.startswith("examples/")]
    # Alternate the classes, so that neither position nor name gives the answer away.
    examples = [path for pair in zip(examples[::2], examples[1::2], strict=True) for path in pair]
    handlers = Handlers(analyser, examples)
    default = analyser.threshold

    with gr.Blocks(title=text.TITLE, fill_width=True, delete_cache=(600, 3600)) as page:
        analysis = gr.State(None, time_to_live=3600)
        gr.HTML(
            f'<header><h1>{text.TITLE}</h1><p class="disclaimer">{text.DISCLAIMER}</p></header>'
        )
        with gr.Row(elem_id="desk"):
            with gr.Column(scale=2, min_width=250, elem_id="intake"):
                upload = gr.File(label=text.DROP, elem_id="drop", height=150)
                gr.Markdown(f"### {text.EXAMPLES}")
                gallery = gr.Gallery(
                    [str(path) for path in examples],
                    columns=4,
                    allow_preview=False,
                    show_label=False,
                    interactive=False,
                    buttons=[],
                    elem_id="examples",
                    object_fit="cover",
                    height="auto",
                )
                gr.Markdown(text.EXAMPLES_NOTE, elem_classes="note")
            with gr.Column(scale=9, elem_id="findings"):
                status = gr.HTML(figures.status_line(text.WAITING, "waiting"), elem_id="status")
                with gr.Row(equal_height=True):
                    with gr.Column(scale=4, min_width=320, elem_classes="panel"):
                        gr.Markdown(f"## {text.CLASSIFICATION}")
                        probabilities = gr.HTML(elem_id="probabilities")
                        gr.Markdown(text.CLASSIFICATION_NOTE, elem_classes="note")
                    with gr.Column(scale=7, min_width=420, elem_classes="panel"):
                        gr.Markdown(f"## {text.RECONSTRUCTION}")
                        panels = gr.HTML(elem_id="reconstruction")
                        threshold = gr.Slider(
                            minimum=0.0,
                            maximum=round(4 * default, 3),
                            step=0.0001,
                            value=round(default, 4),
                            label=text.THRESHOLD,
                            elem_id="threshold",
                        )
                        verdict = gr.HTML(elem_id="verdict")
                        gr.Markdown(text.RECONSTRUCTION_NOTE, elem_classes="note")
                with gr.Row(equal_height=True):
                    with gr.Column(scale=5, min_width=360, elem_classes="panel"):
                        gr.Markdown(f"## {text.NEIGHBOURS}")
                        neighbours = gr.HTML(elem_id="neighbours")
                    with gr.Column(scale=6, min_width=420, elem_classes="panel"):
                        with gr.Row():
                            gr.Markdown(f"## {text.MAP}")
                            projection = gr.Radio(
                                PROJECTIONS,
                                value="umap",
                                show_label=False,
                                container=False,
                                elem_id="projection",
                            )
                        atlas = gr.Plot(
                            figures.atlas_figure(analyser.library, "umap"),
                            show_label=False,
                            elem_id="atlas",
                        )
                        pointed = gr.HTML(
                            f'<p class="note">{text.HOVER}</p>',
                            elem_id="pointed",
                            js_on_load=(STATIC / "atlas.js").read_text(),
                        )
                        gr.Markdown(text.MAP_NOTE, elem_classes="note")

        results = [analysis, status, probabilities, neighbours, atlas, panels, verdict]
        one_at_a_time = {
            "concurrency_id": "networks",
            "concurrency_limit": 1,
            "api_visibility": "private",
            "show_progress": "hidden",
        }
        at_once = {"queue": False, "api_visibility": "private", "show_progress": "hidden"}
        upload.upload(
            handlers.upload, [upload, threshold, projection], results, **one_at_a_time
        ).then(lambda: None, None, upload, **at_once)
        gallery.select(handlers.choose_example, [threshold, projection], results, **one_at_a_time)
        threshold.input(
            handlers.rethreshold,
            [threshold, analysis],
            [panels, verdict],
            trigger_mode="always_last",
            **at_once,
        )
        projection.input(handlers.switch_map, [projection, analysis], atlas, **at_once)
        pointed.point(handlers.show_reference, None, pointed, **at_once)
    return page

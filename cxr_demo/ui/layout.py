"""The Blocks tree and its wiring; everything that happens is in `handlers`."""

from pathlib import Path

import gradio as gr

from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import Artefacts
from cxr_demo.ui import figures, text
from cxr_demo.ui.handlers import Handlers

STATIC = Path(__file__).parent / "static"
PROJECTIONS = [("UMAP", "umap"), ("t-SNE", "tsne")]

THEME = gr.themes.Base(
    primary_hue="sky",
    neutral_hue="zinc",
    font=["system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
    spacing_size="sm",
    text_size="sm",
).set(
    body_background_fill_dark="#0b0e11",
    block_background_fill_dark="#12171c",
    block_border_color_dark="#232b32",
    block_label_background_fill_dark="#12171c",
    input_background_fill_dark="#1a2127",
)

LAUNCH = {
    "theme": THEME,
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
    examples = example_order([path for path in artefacts.paths if path.startswith("examples/")])
    handlers = Handlers(analyser, [artefacts.read(path) for path in examples])
    default = analyser.threshold

    with gr.Blocks(title=text.TITLE, fill_width=True, delete_cache=(600, 3600)) as page:
        analysis = gr.State(None, time_to_live=3600)
        gr.HTML(figures.header())
        with gr.Row(elem_id="desk"):
            with gr.Column(scale=2, min_width=230, elem_id="intake"):
                upload = gr.File(label=text.DROP, elem_id="drop", height=160)
                chooser = gr.HTML(
                    figures.example_buttons([handlers.thumbnail(i) for i in range(len(examples))]),
                    elem_id="examples",
                    js_on_load=(STATIC / "examples.js").read_text(),
                )
            with gr.Column(scale=10, elem_id="findings"):
                status = gr.HTML(figures.status_line(text.WAITING, "waiting"), elem_id="status")
                with gr.Row(equal_height=True):
                    with gr.Column(scale=7, min_width=420, elem_classes="sheet"):
                        gr.HTML(figures.heading(text.RECONSTRUCTION))
                        panels = gr.HTML(figures.nothing_yet(), elem_id="reconstruction")
                        threshold = gr.Slider(
                            minimum=0.0,
                            maximum=round(4 * default, 3),
                            step=0.0001,
                            value=round(default, 4),
                            label=text.THRESHOLD,
                            elem_id="threshold",
                        )
                        verdict = gr.HTML(elem_id="verdict")
                        gr.HTML(figures.note(text.RECONSTRUCTION_NOTE))
                    with gr.Column(scale=4, min_width=320, elem_classes="sheet"):
                        gr.HTML(figures.heading(text.CLASSIFICATION))
                        probabilities = gr.HTML(figures.nothing_yet(), elem_id="probabilities")
                        gr.HTML(figures.note(text.CLASSIFICATION_NOTE))
                with gr.Row(equal_height=True):
                    with gr.Column(scale=5, min_width=360, elem_classes="sheet"):
                        gr.HTML(figures.heading(text.NEIGHBOURS))
                        neighbours = gr.HTML(figures.nothing_yet(), elem_id="neighbours")
                        gr.HTML(figures.note(text.NEIGHBOURS_NOTE))
                    with gr.Column(scale=6, min_width=420, elem_classes="sheet"):
                        with gr.Row(elem_id="atlas-head"):
                            gr.HTML(figures.heading(text.MAP))
                            projection = gr.Radio(
                                PROJECTIONS,
                                value="umap",
                                label=text.PROJECTION,
                                show_label=False,
                                container=False,
                                elem_id="projection",
                                min_width=150,
                            )
                        atlas = gr.Plot(
                            figures.atlas_figure(analyser.library, "umap"),
                            show_label=False,
                            container=False,
                            elem_id="atlas",
                        )
                        pointed = gr.HTML(
                            figures.note(text.HOVER),
                            elem_id="pointed",
                            js_on_load=(STATIC / "atlas.js").read_text(),
                        )
                        gr.HTML(figures.note(text.MAP_NOTE))

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
        chooser.choose(handlers.choose_example, [threshold, projection], results, **one_at_a_time)
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


def example_order(paths: list[str]) -> list[str]:
    """Interleave the two halves of a sorted list, so that position tells nothing of the class."""
    half = len(paths) // 2
    return [path for pair in zip(paths[:half], paths[half:], strict=True) for path in pair]

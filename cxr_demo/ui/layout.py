"""The Blocks tree and its wiring; everything that happens is in `handlers`."""

import hashlib
from functools import partial
from pathlib import Path

import gradio as gr

from cxr_demo.analysis import Analyser
from cxr_demo.anomaly import THRESHOLD_STEP
from cxr_demo.artefacts import Artefacts
from cxr_demo.pictures import Pictures
from cxr_demo.radiograph import MAX_FILE_BYTES
from cxr_demo.screening import Screening
from cxr_demo.ui import anomaly_figures, figures, text
from cxr_demo.ui.handlers import Handlers
from cxr_demo.ui.inputs import drop_zone, slider

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

ANNOUNCED = "element.setAttribute('role', 'status'); element.setAttribute('aria-live', 'polite');\n"
"""For elements whose changes a screen reader should speak: they stay, their content changes."""

LAUNCH = {
    "theme": THEME,
    "css_paths": STATIC / "page.css",
    "js": (STATIC / "page.js").read_text(),
    "footer_links": [],
    "run_history": False,
    "enable_monitoring": False,
    "ssr_mode": False,
    "pwa": False,
    "max_file_size": 2 * MAX_FILE_BYTES,
    "state_session_capacity": 64,
}
"""What belongs to `launch()` in Gradio 6: looks, and no trace of what users do."""


def build_page(analyser: Analyser, artefacts: Artefacts) -> gr.Blocks:
    """Lay out the page.

    Args:
        analyser: the loaded service behind it.
        artefacts: where the examples come from.
    """
    examples = example_order([path for path in artefacts.paths if path.startswith("examples/")])
    pictures = Pictures(analyser.library, artefacts)
    thumbnails = [pictures.of(analyser.library.row_of[Path(path).stem]).pixels for path in examples]
    handlers = Handlers(analyser, pictures, [artefacts.read(path) for path in examples])
    evaluation = artefacts.json("metrics/evaluation.json")
    aucs = {method: evaluation.get(method, {}).get("auc") for method in text.METHODS}

    with gr.Blocks(title=text.TITLE, fill_width=True, delete_cache=(30, 60)) as page:
        received, analysis, said = gr.State(None), gr.State(None), gr.State(None)
        gr.HTML(figures.header())
        with gr.Row(elem_id="desk"):
            with gr.Column(scale=2, min_width=230, elem_id="intake"):
                upload = drop_zone(label=text.DROP, elem_id="drop", height=160)
                chooser = gr.HTML(
                    figures.example_buttons(thumbnails),
                    elem_id="examples",
                    js_on_load=(STATIC / "examples.js").read_text(),
                )
            with gr.Column(scale=10, elem_id="findings"):
                status = gr.HTML(
                    figures.status_line(text.WAITING, "waiting"),
                    elem_id="status",
                    js_on_load=ANNOUNCED,
                )
                with gr.Row(equal_height=True):
                    with gr.Column(scale=7, min_width=420, elem_classes="sheet"):
                        gr.HTML(figures.heading(text.ANOMALY))
                        with gr.Row(elem_id="panels"):
                            images = gr.HTML(
                                figures.nothing_yet(), elem_id="images", scale=2, min_width=0
                            )
                            heat = gr.HTML(elem_id="heat", scale=1, min_width=0)
                        verdict = gr.HTML(elem_id="verdict")
                        method = gr.Radio(
                            [(shown.name, name) for name, shown in text.METHODS.items()],
                            value="detector",
                            label=text.METHOD,
                            elem_id="method",
                        )
                        groups, presets, thresholds = {}, {}, {}
                        for name in text.METHODS:
                            with gr.Group(visible=name == "detector") as groups[name]:
                                presets[name], thresholds[name] = _threshold_controls(
                                    name, analyser.screening[name]
                                )
                        prevalence = slider(
                            minimum=1, maximum=99, value=50, step=1,
                            label=text.PREVALENCE, elem_id="prevalence",
                        )  # fmt: skip
                        meaning = gr.HTML(
                            anomaly_figures.meaning(
                                analyser.screening["detector"],
                                "detector",
                                analyser.screening["detector"].threshold,
                                0.5,
                                None,
                            ),
                            elem_id="meaning",
                        )
                        gr.HTML(figures.note(text.anomaly_note(aucs)))
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
                        with gr.Row(elem_id="atlas-row"):
                            atlas = gr.Plot(
                                figures.atlas_figure(analyser.library, "umap"),
                                show_label=False,
                                container=False,
                                elem_id="atlas",
                                min_width=0,
                            )
                            pointed = gr.HTML(
                                figures.note(text.HOVER),
                                elem_id="pointed",
                                min_width=0,
                                js_on_load=ANNOUNCED + (STATIC / "atlas.js").read_text(),
                            )
                        gr.HTML(figures.note(text.MAP_NOTE))

        private = {"api_visibility": "private", "show_progress": "hidden"}
        at_once = {"queue": False, **private}
        newest = {"trigger_mode": "always_last"}
        one_at_a_time = {"concurrency_id": "networks", "concurrency_limit": 1, **private}
        controls = [method, prevalence, *thresholds.values()]
        redrawn = [heat, verdict, meaning, *presets.values()]
        everything = [status, probabilities, neighbours, atlas, images, *redrawn]
        for taken in (
            upload.upload(handlers.receive, upload, [received, status, upload], **at_once),
            chooser.choose(handlers.choose_example, None, [received, status], **at_once),
        ):
            taken.then(
                handlers.analyse, [received, analysis], [received, analysis, said], **one_at_a_time
            ).then(handlers.show, [analysis, said, projection, *controls], everything, **at_once)
        for moved in (prevalence, *thresholds.values()):
            moved.change(
                handlers.rethreshold,
                [analysis, *controls],
                redrawn,
                **newest,
                **at_once,
            )
        for name, preset in presets.items():
            preset.input(
                partial(handlers.preset, name), preset, thresholds[name], **newest, **at_once
            )
        method.input(
            handlers.switch_method,
            [analysis, *controls],
            [*groups.values(), *redrawn],
            **newest,
            **at_once,
        )
        projection.input(handlers.switch_map, [projection, analysis], atlas, **newest, **at_once)
        pointed.point(handlers.show_reference, None, pointed, **at_once)

        def forget(request: gr.Request) -> None:
            # Gradio would keep what a closed tab has shown until thousands more have come.
            page.state_holder.session_data.pop(request.session_hash, None)

        page.unload(forget)
    return page


def _threshold_controls(method: str, screening: Screening) -> tuple[gr.Radio, gr.Slider]:
    """Presets and slider of one method."""
    preset = gr.Radio(
        [(text.PRESETS[name], name) for name in screening.presets],
        value=next(iter(screening.presets)),
        label=text.PRESET,
        elem_id=f"preset-{method}",
    )
    threshold = slider(
        minimum=0.0,
        maximum=text.METHODS[method].hottest,
        step=THRESHOLD_STEP[method],
        value=screening.threshold,
        label=f"{text.THRESHOLD}: {text.METHODS[method].unit}",
        elem_id=f"threshold-{method}",
    )
    return preset, threshold


def example_order(paths: list[str]) -> list[str]:
    """A fixed order in which position tells nothing of the class."""
    return sorted(paths, key=lambda path: hashlib.sha256(path.encode()).digest())

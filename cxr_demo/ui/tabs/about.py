"""The About tab, a model card: live figures, how training went, limits, and a self-test."""

from collections.abc import Iterator, Mapping

from gradio.i18n import I18nData as T

from cxr_demo.i18n import LANGUAGES
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.report import analysis_json
from cxr_demo.server.gradio_setup import gr
from cxr_demo.server.service import Service
from cxr_demo.ui import model_card
from cxr_demo.ui.messages import status_html, table_html
from cxr_demo.ui.wording import in_every_language, number, say, sentence

SECTIONS = ("purpose", "shortfalls", "self_test", "figures", "confusions", "training", "data")
CHARTS = {
    "classifier": {
        "loss": {"total": "loss", "binary": "binary_loss", "three_class": "three_class_loss"},
        "auc": {"plain": "validation.auc", "stressed": "validation_stressed.auc"},
        "accuracy": {
            "binary": "validation.accuracy",
            "three_class": "validation.three_class_accuracy",
        },
    },
    "detector": {
        "loss": {"total": "loss"},
        "auc": {
            "opacity": "auc.soft opacity",
            "blob": "auc.consolidation-like blob",
            "line": "auc.device-like line",
        },
    },
    "autoencoder": {"loss": {"training": "loss", "held_out": "validation_normals_mse"}},
}
"""By network and chart, its lines: wording, and path in an epoch of the training's history."""
INK = "#8b98a4"
"""Legible on dark and on light."""


class AboutTab:
    """Components by attribute; made inside the `gr.Tab` given.

    Args:
        service: models, library and what was measured.
        tab: whose first opening fills it.
        read_first: whether outputs of the examples are hidden.
    """

    def __init__(self, service: Service, tab: gr.Tab, read_first: gr.Checkbox):
        self._service = service
        texts = {}
        for name in SECTIONS:
            with gr.Accordion(
                T(f"about.{name}"), open=name in ("purpose", "shortfalls", "figures")
            ):
                if name == "self_test":
                    texts[name] = gr.HTML()
                    self.run = gr.Button(T("about.self_test.run"), elem_id="self-test")
                    self.verdict, self.results = gr.HTML(), gr.HTML(elem_id="self-test-results")
                elif name == "training":
                    texts[name] = gr.HTML()
                    plots = [gr.Plot(show_label=False, elem_classes="training") for _ in CHARTS]
                else:
                    texts[name] = gr.HTML(elem_classes="card")
        language = gr.Textbox("en", visible=False)
        private = {"api_visibility": "private", "show_progress": "hidden"}
        asked = "() => document.querySelector('.gradio-container').lang || 'en'"
        tab.select(self.texts, None, list(texts.values()), **private).then(
            self.charts, language, plots, js=asked, **private
        )
        self.run.click(
            self.self_test,
            read_first,
            [self.verdict, self.results],
            api_visibility="private",
            concurrency_id="batches",
            show_progress_on=self.verdict,
        )

    def texts(self) -> list[str]:
        """The sections in order."""
        service = self._service
        evaluation, held_out = service.metrics("evaluation"), service.held_out_scores
        localisation = service.metrics("localisation")
        points = service.calibration["operating_points"]
        tolerance = service.metrics("self_test")["tolerance"]
        told = {
            "probability": number(tolerance["probability"], 2),
            "score": number(tolerance["score"], 2),
            "autoencoder": number(tolerance["autoencoder"], 4),
        }
        n = len(service.example_paths)
        sections = {
            "purpose": model_card.purpose_html(),
            "shortfalls": model_card.shortfalls_html(evaluation, held_out),
            "self_test": f"<p>{say('about.self_test.how', n=n)}</p>"
            f'<p class="note">{say("about.self_test.tolerance", **told)}</p>',
            "figures": model_card.figures_html(evaluation, localisation, held_out, points),
            "confusions": model_card.confusions_html(evaluation),
            "training": f"<p>{say('about.training.how')}</p>",
            "data": model_card.data_html(service.analyser.model, evaluation["model"]),
        }
        return [sections[name] for name in SECTIONS]

    def charts(self, language: str) -> list:
        """A figure for each network."""
        language = language if language in LANGUAGES else "en"
        return [
            training_figure(network, self._service.metrics(f"{network}_history"), language)
            for network in CHARTS
        ]

    def self_test(
        self,
        read_first: bool,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[list[str]]:
        """Analyse the examples here and now, and compare with what they gave when stored."""
        if read_first:  # their outputs are not for who is to read them first
            yield [status_html("refused", say("about.self_test.veiled")), ""]
            return
        stored, differing, rows = self._service.metrics("self_test"), [], []
        for i, path in enumerate(progress.tqdm(self._service.example_paths), 1):
            content = self._service.artefacts.read(path)
            found = analysis_json(self._service.analyser.analyse(read_radiograph(content)))
            expected = stored["examples"][self._service.artefacts.short_hash(path)]
            differs = differences(expected, found, stored)
            differing += [str(i)] if differs else []
            rows.append(_row(i, expected, found, differs))
        n = len(rows)
        agreed = say("about.self_test.agree", n=n)
        differed = {"differing": len(differing), "n": n, "examples": ", ".join(differing)}
        verdict = (
            status_html("refused", say("about.self_test.differ", **differed))
            if differing
            else status_html("done", agreed)
        )
        names = ("example", "p_stored", "p_found", "s_stored", "s_found", "same", "outcome")
        columns = [say(f"about.self_test.column.{name}") for name in names]
        yield [verdict, table_html(say("about.self_test.caption"), columns, rows)]


def differences(expected: Mapping, found: Mapping, stored: Mapping) -> list[str]:
    """What of an analysis is not as stored, as keys of the wording.

    Args:
        expected: of the example, see `train.evaluate.self_test`.
        found: as `report.analysis_json`.
        stored: its "tolerance" and "model".
    """
    tolerance, anomaly = stored["tolerance"], found["anomaly"]
    binary, three = found["probabilities"]["binary"], found["probabilities"]["three_class"]
    gaps = {
        "pneumonia": (binary["pneumonia"] - expected["pneumonia"], "probability"),
        "score": (anomaly["score"] - expected["score"], "score"),
        "autoencoder": (anomaly["autoencoder"]["score"] - expected["autoencoder"], "autoencoder"),
    }
    differs = [name for name, (gap, limit) in gaps.items() if abs(gap) > tolerance[limit]]
    apart = [abs(three[name] - share) for name, share in expected["three_class"].items()]
    differs += ["three_class"] * (max(apart) > tolerance["probability"])
    same = all(found["model"][name] == digest for name, digest in stored["model"].items())
    return differs + ["model"] * (not same)


def _row(i: int, expected: Mapping, found: Mapping, differs: list[str]) -> list[str]:
    values = (
        expected["pneumonia"], found["probabilities"]["binary"]["pneumonia"],
        expected["score"], found["anomaly"]["score"],
    )  # fmt: skip
    ids = {near["id"] for near in found["neighbours"]}
    same = {"same": len(ids & set(expected["neighbours"])), "n": len(expected["neighbours"])}
    what = ", ".join(say(f"about.self_test.what.{name}") for name in differs)
    outcome = "✗ " + what if differs else say("about.self_test.ok")
    told = [in_every_language(number(value, 3)) for value in values]
    return [say("example", number=i), *told, say("about.self_test.same", **same), outcome]


def training_figure(network: str, history: list[Mapping], language: str):
    """The charts of one network side by side, a point an epoch, as a Plotly figure."""
    import plotly.graph_objects as go  # 0.4 s
    from plotly.subplots import make_subplots

    def told(key: str) -> str:
        return sentence(key)(language)

    charts = CHARTS[network]
    titles = [told(f"about.training.{network}.{name}") for name in charts]
    figure = make_subplots(1, len(charts), subplot_titles=titles)
    epochs = list(range(1, len(history) + 1))
    for column, lines in enumerate(charts.values(), 1):
        for line, path in lines.items():
            first, _, second = path.partition(".")
            values = [epoch[first][second] if second else epoch[first] for epoch in history]
            name = told(f"about.line.{line}")
            figure.add_trace(
                go.Scatter(x=epochs, y=values, name=name, mode="lines+markers"), 1, column
            )
    figure.update_layout(
        height=300,
        margin={"l": 40, "r": 8, "t": 32, "b": 32},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": INK, "size": 12},
        legend={"orientation": "h"},
    )
    figure.update_xaxes(title_text=told("about.epoch"), gridcolor="rgba(139,152,164,.2)")
    figure.update_yaxes(gridcolor="rgba(139,152,164,.2)", zeroline=False)
    return figure

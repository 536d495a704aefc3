"""The About tab, a model card: live figures, how training went, limits, and a self-test."""

from gradio.i18n import I18nData as T

from cxr_demo import self_test
from cxr_demo.i18n import LANGUAGES
from cxr_demo.model_card import CURVES, card_figures
from cxr_demo.server.gradio_setup import gr
from cxr_demo.server.service import Service
from cxr_demo.wording import model_card
from cxr_demo.wording.messages import status_html, table_html
from cxr_demo.wording.spans import in_every_language, number, say
from cxr_demo.wording.training_figure import training_figure

SECTIONS = ("purpose", "shortfalls", "figures", "confusions", "data", "training", "self_test")
SPOKEN = "() => document.querySelector('.gradio-container').lang || 'en'"
COLUMNS = ("example", "p_stored", "p_found", "s_stored", "s_found", "same", "outcome")


class AboutTab:
    """Made inside the `gr.Tab` given.

    Args:
        service: models, library and what was measured.
        tab: whose opening fills it.
        read_first: whether outputs of the examples are hidden.
    """

    def __init__(self, service: Service, tab: gr.Tab, read_first: gr.Checkbox):
        self._service, sections = service, []
        for name in SECTIONS:
            with gr.Accordion(T(f"about.{name}"), open=name in SECTIONS[:3]):
                sections.append(gr.HTML(elem_classes="card"))
                if name == "training":
                    with gr.Row():
                        plots = [
                            gr.Plot(show_label=False, min_width=320, elem_classes="training")
                            for _ in CURVES
                        ]
                if name == "self_test":
                    run = gr.Button(T("about.self_test.run"), elem_id="self-test")
                    verdict, results = gr.HTML(), gr.HTML(elem_id="self-test-results")
        language = gr.Textbox("en", visible=False)
        private = {"api_visibility": "private"}
        tab.select(self.texts, None, sections, show_progress="hidden", **private)
        drawn = {"js": SPOKEN, "show_progress": "hidden", **private}
        tab.select(self.charts, language, plots, **drawn)
        run.click(
            self.test, read_first, [verdict, results], show_progress_on=verdict,
            concurrency_id="batches", **private,
        )  # fmt: skip

    def texts(self) -> list[str]:
        """What each of SECTIONS says."""
        service, analyser = self._service, self._service.analyser
        evaluation, stored = service.metrics("evaluation"), service.metrics("self_test")
        points, scores = service.calibration["operating_points"], analyser.score_distributions
        figures = card_figures(evaluation, service.metrics("localisation"), points, scores)
        how = say("about.self_test.how", n=len(service.example_paths))
        limits = {
            name: number(most, 4 if most < 0.01 else 2)
            for name, most in stored["tolerance"].items()
        }
        return [
            model_card.purpose_html(),
            model_card.shortfalls_html(figures),
            model_card.figures_html(figures),
            model_card.confusions_html(figures),
            model_card.data_html(analyser.model, evaluation["model"]),
            f"<p>{say('about.training.how')}</p>",
            f"<p>{how}</p><p class='note'>{say('about.self_test.tolerance', **limits)}</p>",
        ]

    def charts(self, language: object) -> list:
        """A figure for each of CURVES."""
        language = language if language in LANGUAGES else "en"
        return [
            training_figure(name, self._service.metrics(f"{name.split('.')[0]}_history"), language)
            for name in CURVES
        ]

    def test(self, read_first: bool, progress: gr.Progress = gr.Progress()) -> list[str]:  # noqa: B008
        """Analyse the examples here and now, and compare with what they gave when stored."""
        if read_first:  # their outputs are not for who is to read them first
            return [status_html("refused", say("about.self_test.veiled")), ""]
        service, differing, rows = self._service, [], []
        given = (service.analyser, service.artefacts, service.example_paths)
        compared = self_test.comparisons(*given, service.metrics("self_test"))
        for i, found in enumerate(progress.tqdm(compared, total=len(service.example_paths)), 1):
            rows.append(_row(i, *found))
            differing += [str(i)] if found[-1] else []
        columns = [say(f"about.self_test.column.{name}") for name in COLUMNS]
        told = {"differing": len(differing), "n": len(rows), "examples": ", ".join(differing)}
        key = "about.self_test.differ" if differing else "about.self_test.agree"
        verdict = status_html("refused" if differing else "done", say(key, **told))
        return [verdict, table_html(say("about.self_test.caption"), columns, rows)]


def _row(i: int, expected: dict, found: dict, differs: list[str]) -> list[str]:
    values = [outputs[name] for name in ("pneumonia", "score") for outputs in (expected, found)]
    shared = set(expected["neighbours"]) & set(found["neighbours"])
    what = ", ".join(say(f"about.self_test.what.{name}") for name in differs)
    return [
        say("example", number=i),
        *(in_every_language(number(value, 3)) for value in values),
        say("about.self_test.same", same=len(shared), n=len(expected["neighbours"])),
        f"✗ {what}" if differs else say("about.self_test.ok"),
    ]

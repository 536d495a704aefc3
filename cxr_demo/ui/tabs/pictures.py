"""The offer to fetch the references' own pictures, where most are shown as means of several."""

import html

from gradio.i18n import I18nData as T

from cxr_demo.errors import CXRError
from cxr_demo.i18n import translate
from cxr_demo.server.gradio_setup import gr
from cxr_demo.server.service import Service
from cxr_demo.wording.spans import say


class PicturesOffer:
    """A row with a word on the pictures and a button; hidden where there is nothing to say.

    Args:
        service: whose references they are.
        may_fetch: whether a visitor may have them fetched.

    Attributes:
        components: what `offered` is for.
    """

    def __init__(self, service: Service, may_fetch: bool):
        self._service = service
        with gr.Row(visible=False, elem_id="pictures") as row:
            text = gr.HTML(elem_classes="note")
            button = gr.Button(T("pictures.fetch"), size="sm", visible=may_fetch)
        self.components = [row, text, button]
        button.click(
            self._fetch, None, self.components, api_visibility="private",
            show_progress_on=text, concurrency_id="fetching",
        )  # fmt: skip

    def offered(self, failed: str = "") -> list:
        """Whether a word is due, which, and whether more can be had."""
        state = self._service.pictures
        text = "" if state == "there" else f"<p>{say(f'pictures.{state}')}</p>"
        more = gr.update() if state == "missing" else gr.update(visible=False)
        return [gr.update(visible=state != "there"), text + failed, more]

    def _fetch(self, progress: gr.Progress = gr.Progress()) -> list:  # noqa: B008
        def tell(stage: str, share: float) -> None:
            progress(share, desc=translate(f"pictures.{stage}", share=f"{share:.0%}"))

        try:
            self._service.fetch_pictures(tell)
        except CXRError as error:
            return self.offered(f"<p>{say('pictures.failed')} {html.escape(str(error))}</p>")
        return self.offered()

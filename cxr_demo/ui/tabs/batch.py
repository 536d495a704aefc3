"""The Batch tab: many radiographs, or ZIP archives of them, into a table and a CSV file."""

import io
import logging
from collections.abc import Callable, Iterator
from itertools import islice

from gradio.data_classes import ListFiles
from gradio.i18n import I18nData as T

from cxr_demo.cli.tables import write_csv_rows
from cxr_demo.errors import UserError
from cxr_demo.i18n import LANGUAGES
from cxr_demo.models.input_check import UNUSUAL
from cxr_demo.reading.archive import MAX_ENTRIES, is_archive, open_archive
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.report import refusal_json, result_line
from cxr_demo.server.gradio_setup import gr
from cxr_demo.server.serialise import called
from cxr_demo.server.service import Service
from cxr_demo.server.uploads import Uploads
from cxr_demo.ui import messages
from cxr_demo.ui.components.drop_zone import DropZone, parse_batch
from cxr_demo.ui.wording import Wording, number, percent, say, sentence

COLUMNS = ("file", "called", "pneumonia", "bacterial", "viral", "score", "unusual", "status")
SAVE = """(text) => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  link.download = 'batch.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}"""
"""Made in the browser, so that no table of patients lies on the server."""
BATCHES = {"concurrency_id": "batches", "concurrency_limit": 2}
"""Two at once: between their radiographs the networks are free for single ones."""

EVERY = 10
"""Rows from one look of the table to the next."""

Row = dict
"""A record of `cli.file_record`, parsed, with "refusal" (UserError or None) and "reason"."""

log = logging.getLogger(__name__)


class NamedFiles(gr.File):
    """A file field that gives [{"path", "name"}], as `DropZone` does: the names that files have in
    the browser, which the uploads do not."""

    is_template = True  # for the browser it is a `gr.File`

    def preprocess(self, payload: ListFiles | None) -> dict | None:
        files = payload.root if payload else []
        return {"files": [{"path": one.path, "name": one.orig_name or ""} for one in files]}


class BatchTab:
    """Components by attribute; made inside `gr.Blocks`.

    Args:
        service: models and library.
        uploads: where files arrive.
        drop: the Read tab's field; several files dropped there are a batch.
        read_first: whether results are hidden.
    """

    def __init__(self, service: Service, uploads: Uploads, drop: DropZone, read_first: gr.Checkbox):
        self._service, self._uploads = service, uploads
        gr.HTML(f'<p class="note">{say("batch.note")}</p>')
        self.files = NamedFiles(label=T("batch.drop"), file_count="multiple", height=140)
        with gr.Row():
            self.run = gr.Button(T("batch.run"), variant="primary")
            self.cancel = gr.Button(T("batch.cancel"))
            self.csv = gr.DownloadButton(T("batch.csv"))
        self.status = gr.HTML(f"<p>{say('batch.empty')}</p>")
        self.veiled = gr.HTML(f"<p>{say('batch.veiled')}</p>", visible=False)
        self.table = gr.Dataframe(
            headers=[sentence(f"batch.column.{name}")("en") for name in COLUMNS],
            column_widths=["22%", "11%", "9%", "9%", "9%", "9%", "9%", "22%"],
            interactive=False,
            wrap=True,
            label=T("batch.caption"),
            elem_id="batch-table",
        )
        language, text = gr.Textbox("en", visible=False), gr.Textbox(visible=False)
        outputs = [self.table, self.status, text, self.files]
        private = {"api_visibility": "private", "show_progress_on": self.status}
        language_js = "(files) => [files, document.querySelector('.gradio-container').lang || 'en']"
        running = [
            started(self.analyse, [source, language], outputs, js=language_js, **private, **BATCHES)
            for started, source in ((self.run.click, self.files), (drop.batch, drop))
        ]
        self.cancel.click(None, None, None, cancels=running, api_visibility="private")
        self.csv.click(None, text, None, js=SAVE)
        read_first.change(
            lambda hidden: (gr.update(visible=not hidden), gr.update(visible=hidden)),
            read_first,
            [self.table, self.veiled],
            api_visibility="private",
            show_progress="hidden",
        )

    def analyse(
        self,
        sent: object,
        language: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[list]:
        """Analyse files one by one.

        Yields:
            Table, status, CSV and the emptied file field, once in a while and at the end.
        """
        language = language if language in LANGUAGES else "en"
        rows: list[Row] = []
        try:
            named = parse_batch(sent)
            with self._uploads.held([path for path, _ in named]) as files:
                sources = [(name, file) for (_, name), file in zip(named, files, strict=True)]
                total = min(MAX_ENTRIES, sum(1 for _ in self._opened(sources)))
                for name, read in islice(self._opened(sources), MAX_ENTRIES):
                    progress((len(rows), total), unit="")
                    rows.append(self._row(name, read))
                    if len(rows) % EVERY == 1:
                        yield self._answer(rows, total, language)
        except UserError as refusal:
            yield [gr.skip(), messages.refused_html(refusal), gr.skip(), None]
            return
        yield self._answer(rows, len(rows), language)

    def _answer(self, rows: list[Row], total: int, language: str) -> list:
        problems = sum(row["refusal"] is not None for row in rows)
        counts = {"total": total, "done": len(rows) - problems, "problems": problems}
        key = "batch.running" if len(rows) < total else "batch.finished"
        with io.StringIO(newline="") as text:
            write_csv_rows(text, rows)
            csv = text.getvalue() if len(rows) == total else gr.skip()
        table = {
            "headers": [sentence(f"batch.column.{name}")(language) for name in COLUMNS],
            "data": [cells(row, language) for row in rows],
        }
        status = f'<p class="status">{say(key, over=len(rows), **counts)}</p>'
        return [table, status, csv, None]

    def _opened(self, sources: list) -> Iterator[tuple[str, Callable[[], bytes]]]:
        """What is to be read: files, and the files of archives."""
        for name, file in sources:
            if not is_archive(file):
                yield name, file.read_bytes
                continue
            try:
                for entry, read in open_archive(file):
                    yield f"{name}/{entry}", read
            except UserError as refusal:
                yield name, refused(refusal)

    def _row(self, name: str, read: Callable[[], bytes]) -> Row:
        try:
            radiograph = read_radiograph(read())
            analysis = self._service.analyser.analyse(radiograph)
            warned = [f"gate.{analysis.input_check.reason}"] * (
                analysis.input_check.grade == UNUSUAL
            )
            warned += ["burned_in"] * radiograph.burned_in
            line = result_line(name, analysis)
            burned_in = radiograph.burned_in
            return {"burned_in": burned_in, "line": line, "refusal": None, "reason": warned[:1]}
        except UserError as error:
            refusal = error
        except Exception:
            log.exception("an analysis of a batch failed")
            refusal = UserError("failed")
        line = {"file": name, **refusal_json(refusal)}
        return {"burned_in": None, "line": line, "refusal": refusal}


def refused(refusal: UserError) -> Callable[[], bytes]:
    """A reader of what cannot be read."""

    def read() -> bytes:
        raise refusal

    return read


def cells(row: Row, language: str) -> list[str]:
    """A row of the table as text."""
    line, refusal = row["line"], row["refusal"]
    if refusal is not None:
        reason = sentence(refusal.key, **refusal.values)(language)
        return [line["file"], *[""] * 6, f"{sentence('batch.status.refused')(language)}: {reason}"]
    binary, three = line["probabilities"]["binary"], line["probabilities"]["three_class"]
    anomaly, reason = line["anomaly"], row["reason"]
    said: list[Wording] = [
        sentence(f"class.{called(line['probabilities'])}"),
        percent(binary["pneumonia"], 1),
        percent(three["bacterial"], 1),
        percent(three["viral"], 1),
        number(anomaly["score"], 3),
        sentence("yes" if anomaly["unusual"] else "no"),
        sentence("batch.status.done"),
    ]
    told = [word(language) for word in said]
    return [
        line["file"],
        *told[:-1],
        " ".join([told[-1], *(sentence(key)(language) for key in reason)]),
    ]

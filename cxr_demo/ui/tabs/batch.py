"""The Batch tab: many radiographs, or ZIP archives of them, into a table and a CSV file."""

import io
import json
from collections.abc import Callable, Iterator
from itertools import islice

from gradio.data_classes import ListFiles
from gradio.i18n import I18nData as T

from cxr_demo.analysis import Analysis
from cxr_demo.cli import file_record
from cxr_demo.cli.tables import write_csv_rows
from cxr_demo.errors import UserError
from cxr_demo.i18n import LANGUAGES
from cxr_demo.models.input_check import UNUSUAL
from cxr_demo.reading.archive import MAX_ENTRIES, open_files
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.reading.types import Radiograph
from cxr_demo.server.gradio_setup import gr
from cxr_demo.server.refusals import attempt, checked
from cxr_demo.server.serialise import called
from cxr_demo.server.service import Service
from cxr_demo.server.uploads import Uploads
from cxr_demo.ui.components.drop_zone import Batch, DropZone
from cxr_demo.wording import messages
from cxr_demo.wording.spans import number, percent, say, sentence

COLUMNS = ("file", "called", "pneumonia", "bacterial", "viral", "score", "unusual", "status")
SPOKEN = "(files) => [files, document.querySelector('.gradio-container').lang || 'en']"
BATCHES = {"concurrency_id": "batches", "concurrency_limit": 2}
"""Two at once: between their radiographs the networks are free for single ones."""
EVERY = 10
"""Rows from one look of the table to the next."""


class NamedFiles(gr.File):
    """A file field that gives {"files": [{"path", "name"}]}, as `DropZone` does, or None: with the
    names that files have in the browser, which the uploads do not."""

    is_template = True  # for the browser it is a `gr.File`

    def preprocess(self, payload: ListFiles | None) -> dict | None:
        if not payload:
            return None
        return {"files": [{"path": one.path, "name": one.orig_name or ""} for one in payload.root]}


class BatchTab:
    """Made inside `gr.Tab`.

    Args:
        service: models and library.
        uploads: where files arrive.
        drop: the Read tab's field; several files dropped there are a batch.
        read_first: whether results are hidden.
        tabs: those of the page, "read" and "batch" among them.
    """

    def __init__(
        self, service: Service, uploads: Uploads, drop: DropZone, read_first: gr.Checkbox,
        tabs: gr.Tabs,
    ):  # fmt: skip
        self._service, self._uploads = service, uploads
        gr.HTML(f'<p class="note">{say("batch.note")}</p>')
        files = NamedFiles(
            label=T("batch.drop"), file_count="multiple", height=140, elem_id="batch-files"
        )
        with gr.Row():
            run = gr.Button(T("batch.run"), variant="primary")
            cancel = gr.Button(T("batch.cancel"))
            csv = gr.DownloadButton(T("batch.csv"))
            read = gr.Button(T("batch.open"), interactive=False, elem_id="open-row")
        status = gr.HTML(
            messages.status_html("waiting", say("batch.empty")), elem_id="batch-status"
        )
        veiled = gr.HTML(messages.status_html("waiting", say("batch.veiled")), visible=False)
        table = gr.Dataframe(
            headers=[sentence(f"batch.column.{name}")("en") for name in COLUMNS],
            column_widths=[f"{width}px" for width in (240, 120, 130, 115, 95, 130, 85, 330)],
            interactive=False, wrap=True, label=T("batch.caption"), elem_id="batch-table",
        )  # fmt: skip
        language, text = gr.Textbox("en", visible=False), gr.Textbox(visible=False)
        chosen = gr.Textbox(visible="hidden", elem_id="chosen-file")
        private = {"api_visibility": "private"}
        options = {"js": SPOKEN, "show_progress_on": status, **private, **BATCHES}
        running = [
            started(self.analyse, [source, language], [table, status, text, files], **options)
            for started, source in ((run.click, files), (drop.batch, drop))
        ]
        for event, tab in ((drop.batch, "batch"), (drop.radiograph, "read")):
            event(None, None, tabs, js=f"() => ({{ __type__: 'update', selected: '{tab}' }})")
        stopped = json.dumps(messages.status_html("waiting", say("batch.cancelled")))
        cancel.click(None, None, status, js=f"() => {stopped}", cancels=running, **private)
        csv.click(None, text, None, js="(text) => window.cxrPage.save('batch.csv', text)")
        hidden = {"show_progress": "hidden", **private}
        table.select(chosen_file, None, [chosen, read], **hidden)
        gone = json.dumps(messages.status_html("refused", say("batch.gone")))
        read.click(None, chosen, [tabs, status], js=f"(name) => window.cxrPage.read(name, {gone})")
        read_first.change(
            lambda veil: [gr.update(visible=not veil), gr.update(visible=veil)],
            read_first, [table, veiled], **hidden,
        )  # fmt: skip

    def analyse(
        self,
        sent: object,
        language: object,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[list]:
        """Analyse files one by one.

        Yields:
            Table, status, CSV and the emptied file field, once in a while and at the end.
        """
        language = language if language in LANGUAGES else "en"
        rows, fresh, problems, csv, total = [], [], 0, io.StringIO(newline=""), 0

        def answer(key: str) -> list:
            write_csv_rows(csv, fresh)
            fresh.clear()
            counts = {"over": len(rows), "done": len(rows) - problems, "problems": problems}
            headers = [sentence(f"batch.column.{name}")(language) for name in COLUMNS]
            status = messages.status_html("done", say(key, total=total, **counts))
            return [{"headers": headers, "data": rows}, status, csv.getvalue(), None]

        if sent is None:
            empty = messages.status_html("waiting", say("batch.empty"))
            yield [gr.skip(), empty, gr.skip(), None]
            return
        try:
            named = checked(Batch, sent, "refused.upload_gone").files
            with self._uploads.held([path for path, _ in named]) as files:
                sources = [(name, file) for (_, name), file in zip(named, files, strict=True)]
                total = min(MAX_ENTRIES, sum(1 for _ in open_files(sources)))
                for name, read in islice(open_files(sources), MAX_ENTRIES):
                    progress((len(rows), total), unit="")
                    record, row = self._analyse(name, read, language)
                    rows.append(row)
                    problems += record["line"]["status"] == "refused"
                    fresh.append(record)
                    if len(rows) % EVERY == 1 and len(rows) < total:
                        yield answer("batch.running")
        except UserError as refusal:
            yield [gr.skip(), messages.refused_html(refusal), gr.skip(), None]
            return
        yield answer("batch.finished")

    def _analyse(self, name: str, read: Callable[[], bytes], language: str) -> tuple[dict, list]:
        """One file's record, as `cli.file_record` has it, and its row in the table."""

        def analyse() -> tuple[Radiograph, Analysis]:
            radiograph = read_radiograph(read())
            return radiograph, self._service.analyser.analyse(radiograph)

        found, refusal = attempt(analyse)
        if refusal is not None:
            reason = sentence(refusal.key, **refusal.values)(language)
            row = [name, *[""] * 6, f"{sentence('batch.status.refused')(language)}: {reason}"]
            return file_record.refused(name, refusal), row
        record, check = file_record.analysed(name, *found), found[1].input_check
        line = record["line"]
        warnings = [f"gate.{check.reason}"] * (check.grade == UNUSUAL)
        warnings += [key for key in ("burned_in", "tinted") if record[key]]
        three = line["probabilities"]["three_class"]
        said = [
            sentence(f"class.{called(line['probabilities'])}"),
            percent(line["probabilities"]["binary"]["pneumonia"], 1),
            *(percent(three[kind], 1) for kind in ("bacterial", "viral")),
            number(line["anomaly"]["score"], 3),
            sentence("yes" if line["anomaly"]["unusual"] else "no"),
        ]
        status = [sentence(key)(language) for key in ("batch.status.done", *warnings[:1])]
        return record, [name, *(word(language) for word in said), " ".join(status)]


def chosen_file(told: gr.EventData) -> list:
    """The name in the row of the table that was chosen, and a button to open that file."""
    row = told._data.get("row_value") if isinstance(told._data, dict) else None
    return [row[0] if isinstance(row, list) and row else None, gr.update(interactive=True)]

"""Where radiographs come in: dropped anywhere on the page, pasted, or chosen.

Files of any kind are taken and sent under random names, since `gr.Image` refuses DICOM and
`gr.File` sends the name of the file, which may be that of a patient. What a browser sends back is
not trusted: `parse_radiograph` and `parse_batch` check its form. Whether a path lies among the
uploads is checked where the file is read.
"""

import gradio as gr

from cxr_demo.errors import UserError
from cxr_demo.ui.components.module import FOLDER, LANGUAGE, load_module

MAX_FRAME = 10_000
MAX_FILES = 2_000


class DropZone(gr.HTML):
    """A field to drop files on, choose them or paste them; the rest of the page takes drops, too.

    Value, browser → Python, set before each event; never anything of the file's name, but in a
    batch, whose table names its rows:

    - "radiograph", one file that is no ZIP archive: {"path": on the server, "frame": null or the
      number asked for by `frame_js`}.
    - "batch", several files or an archive: {"files": [{"path", "name"}]}.

    An upload that fails is said in the field itself; no event follows. The file stays in the
    browser until another comes, so that it can be sent again with the number of a frame:

        read.click(fn=None, inputs=frame, js=drop.frame_js())

    A drop on another component that takes files, such as `gr.File`, is left to it.

    Args:
        elem_id: also its name in `window.cxrDropZones`.
    """

    def __init__(self, elem_id: str = "drop-zone", **options):
        super().__init__(
            label=LANGUAGE,
            html_template="<div class='cxr-drop'><input type='file' multiple>"
            "<span aria-hidden='true'></span><span class='told' role='status'></span></div>",
            css_template=(FOLDER / "drop_zone.css").read_text(encoding="utf-8"),
            js_on_load=load_module("drop_zone", "radiograph", "batch"),
            apply_default_css=False,
            elem_id=elem_id,
            name=elem_id,
            **options,
        )

    def api_info(self) -> dict:
        return {"type": "object"}

    def frame_js(self) -> str:
        """For `js=` of a button with the frame's number as input: send the last file again."""
        return f"(frame) => {{ window.cxrDropZones?.['{self.elem_id}']?.again(frame); return []; }}"


def parse_radiograph(sent: object) -> tuple[str, int | None]:
    """(path, frame) of the value that comes with "radiograph".

    Raises:
        UserError: if it is none.
    """
    path, frame = (sent.get("path"), sent.get("frame")) if isinstance(sent, dict) else (None, None)
    if not isinstance(path, str):
        raise UserError("refused.upload_gone")
    if frame is not None and not (type(frame) is int and 1 <= frame <= MAX_FRAME):
        raise UserError("refused.frame", frame=str(frame)[:40])
    return path, frame


def parse_batch(sent: object) -> list[tuple[str, str]]:
    """(path, name) of each file of the value that comes with "batch"; names are cut to 200 letters.

    Raises:
        UserError: if it is none.
    """
    files = sent.get("files") if isinstance(sent, dict) else None
    if not isinstance(files, list) or not 0 < len(files) <= MAX_FILES:
        raise UserError("refused.upload_gone")
    for file in files:
        whole = isinstance(file, dict) and {"path", "name"} <= set(file)
        if not (whole and isinstance(file["path"], str) and isinstance(file["name"], str)):
            raise UserError("refused.upload_gone")
    return [(file["path"], file["name"][:200]) for file in files]

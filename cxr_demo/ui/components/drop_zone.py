"""Where radiographs come in: dropped anywhere on the page, pasted, or chosen.

Files of any kind are taken and sent under random names, since `gr.Image` refuses DICOM and
`gr.File` sends the name of the file, which may be that of a patient.
"""

from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from cxr_demo.ui.components.module import Scripted
from cxr_demo.wording.spans import say

MAX_FILES = 2_000
MAX_NAME = 200


class DropZone(Scripted):
    """A field to drop files on, choose them or paste them; the rest of the page takes drops, too.

    Value, browser → Python, set before each event; never anything of the file's name, but in a
    batch, whose table names its rows. It can be forged: hold it against `Radiograph` or `Batch`
    (`refusals.checked`); whether a path lies among the uploads is checked where it is read.

    - "radiograph", one file that is no ZIP archive: {"path": on the server, "frame": null or the
      number asked for by `frame_js`}.
    - "batch", several files or an archive: {"files": [{"path", "name"}]}.

    What cannot be read, such as a folder, and an upload that fails are said in the field itself; no
    event follows. The file stays in the browser until another comes, so that it can be sent again
    with the number of a frame: `read.click(fn=None, inputs=frame, js=drop.frame_js())`.

    A drop on another component that takes files, such as `gr.File`, is left to it.

    Args:
        elem_id: also its name in `window.cxrDropZones`.
    """

    def __init__(self, elem_id: str = "drop-zone", **options):
        template = (
            f"<div class='cxr-drop'><label><input type='file' multiple>{say('drop')}</label>"
            "<span class='told' role='status'></span></div>"
        )
        options |= {"html_template": template, "elem_id": elem_id, "name": elem_id}
        super().__init__("drop_zone", ("radiograph", "batch"), **options)

    def frame_js(self) -> str:
        """For `js=` of a button with the frame's number as input: send the last file again."""
        return f"(frame) => {{ window.cxrDropZones?.['{self.elem_id}']?.again(frame); return []; }}"


class Radiograph(NamedTuple):
    path: str
    frame: int | None


class File(NamedTuple):
    path: str
    name: Annotated[str, AfterValidator(lambda name: name[:MAX_NAME])]


class Batch(NamedTuple):
    files: Annotated[list[File], Field(min_length=1, max_length=MAX_FILES)]

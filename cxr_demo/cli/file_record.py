"""Analyse one file to one record: its line of the result, and what to warn of beside it.

Data contract: a record is a line of JSON, {"burned_in": true|false|null, "tinted": true|false,
"line": {…}}, with null and without "tinted" where the file was refused; README documents the inner
line. Records stay text, since they come from the processes of `process_pool` and `ray_job` and are
stored unchanged.
"""

import errno
import json
from contextlib import suppress
from pathlib import Path

from cxr_demo import report
from cxr_demo.analysis import Analyser, Analysis
from cxr_demo.artefacts import ASSETS, DERIVED_FROM, MIDDLES, VERSIONED, Artefacts
from cxr_demo.cli.files import Piped
from cxr_demo.errors import RadiographError, UserError
from cxr_demo.reading.reader import MAX_FILE_BYTES, read_radiograph
from cxr_demo.reading.types import Radiograph


def model_hashes(root: Path = ASSETS) -> dict[str, str]:
    """The first 12 characters of the hash of every artefact that influences a line, by path.

    Raises:
        ArtefactError: if the manifest is missing or unreadable.
    """
    artefacts = Artefacts(root)
    paths = dict.fromkeys([*VERSIONED.values(), *DERIVED_FROM])
    return {path: artefacts.short_hash(path) for path in paths if path != MIDDLES}


class FileAnalyser:
    """Analyses one file after the other; made once in each process.

    Args:
        frame: of DICOM files with several, from 1.
        threads: CPU threads for one analysis; None takes all cores.
        root: folder of the artefacts.

    Raises:
        ArtefactError: if anything is missing or not what the manifest names.
    """

    def __init__(self, frame: int | None, threads: int | None, root: Path = ASSETS):
        self._frame = frame
        self._analyser = Analyser(Artefacts(root), threads)

    def __call__(self, file: str) -> str:
        """The record of one file, readable or not."""
        try:
            radiograph = read_radiograph(_read(file), self._frame)
            analysis = self._analyser.analyse(radiograph)
        except RadiographError as error:
            return json.dumps(refused(file, error))
        except Exception as error:
            error.add_note(f"while analysing {file}")  # a worker's traceback does not name it
            raise
        return json.dumps(analysed(file, radiograph, analysis))


def analysed(file: str, radiograph: Radiograph, analysis: Analysis) -> dict:
    """The record, parsed, of a file under the name given."""
    warned = {"burned_in": radiograph.burned_in, "tinted": radiograph.tinted}
    return {**warned, "line": report.result_line(file, analysis)}


def refused(file: str, error: UserError) -> dict:
    """The record, parsed, of a file that is not analysed."""
    return {"burned_in": None, "line": {"file": file, **report.refusal_json(error)}}


def crash_record(file: str) -> str:
    """The record of a file whose analysis ends the process that attempts it."""
    return json.dumps(refused(file, RadiographError("refused.process_ended")))


def _read(file: str) -> bytes:
    """Read one file, no further than `read_radiograph` needs to see that it is too large."""
    if isinstance(file, Piped):
        return file.content
    try:
        with Path(file).open("rb") as stream:
            return stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _not_read(file, error) from None


def _not_read(file: str, error: OSError) -> RadiographError:
    path = Path(file)
    with suppress(OSError):  # of a path into a folder that may not be searched
        if path.is_dir():
            return RadiographError("refused.folder")
    if error.errno in (errno.ENOENT, errno.ELOOP):
        return RadiographError("refused.no_target" if path.is_symlink() else "refused.gone")
    return RadiographError("refused.not_opened", why=error.strerror)

"""One file → one record: the line that is written of it, and whether text may be burned in.

Data contract: a record is a line of JSON, {"burned_in": true|false|null, "line": {…}}, null where
the file was refused; the inner line is the one README documents. Records are text since they come
from other processes and are kept as they are. `process_pool` and `ray_job` both run this.
"""

import json
from pathlib import Path

from cxr_demo import report
from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import ASSETS, DERIVED_FROM, MIDDLES, VERSIONED, Artefacts
from cxr_demo.errors import RadiographError
from cxr_demo.reading.reader import MAX_FILE_BYTES, read_radiograph


def model_hashes(root: Path = ASSETS) -> dict[str, str]:
    """The first 12 characters of the hash of every artefact that has a say in a line.

    Raises:
        ArtefactError: if the manifest is missing or unreadable.
    """
    artefacts = Artefacts(root)
    paths = dict.fromkeys([*VERSIONED.values(), *DERIVED_FROM])
    return {path: artefacts.short_hash(path) for path in paths if path != MIDDLES}


class FileAnalyser:
    """Analyses one file after the other; made once in each process.

    Args:
        frame: which one of DICOM files with several, from 1.
        threads: CPU threads for one analysis; None takes all cores.
        root: folder of the artefacts.

    Raises:
        ArtefactError: if anything is missing or not what the manifest names.
    """

    def __init__(self, frame: int | None, threads: int | None, root: Path = ASSETS):
        self._frame = frame
        self._analyser = Analyser(Artefacts(root), threads)

    def __call__(self, file: str) -> str:
        """The record of one file, whatever the file is."""
        try:
            radiograph = read_radiograph(_read(file), self._frame)
            line = report.result_line(file, self._analyser.analyse(radiograph))
        except RadiographError as error:
            return _record(None, {"file": file, **report.refusal_json(error)})
        except Exception as error:
            error.add_note(f"while analysing {file}")  # one of very many, far from the terminal
            raise
        return _record(radiograph.burned_in, line)


def crash_record(file: str) -> str:
    """The record of a file whose analysis ends the process that attempts it."""
    error = RadiographError("refused.process_ended")
    return _record(None, {"file": file, **report.refusal_json(error)})


def _record(burned_in: bool | None, line: dict) -> str:
    return json.dumps({"burned_in": burned_in, "line": line})


def _read(file: str) -> bytes:
    """Read one file, no further than `read_radiograph` needs to see that it is too large."""
    try:
        with Path(file).open("rb") as stream:
            return stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise RadiographError("refused.not_opened", why=error.strerror) from None

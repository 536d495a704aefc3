"""Errors whose message is written for the person in front of the page or the terminal."""


class CXRError(Exception):
    """Something the user can understand and act on; `str(error)` is shown as it is.

    The message says what happened, what was received and what to do next. It never holds a
    traceback, a file's content or anything about a patient.
    """


class RadiographRefused(CXRError):
    """The file given cannot be read as a radiograph. One bad file never stops the others."""


class ArtefactError(CXRError):
    """A shipped artefact is missing or is not the one the manifest names: refuse to start."""

"""Errors whose message is written for the person in front of the page or the terminal."""

from cxr_demo.i18n import translate


class CXRError(Exception):
    """Something the user can understand and act on; `str(error)` is shown as it is.

    The message says what happened, what was received and what to do next. It never holds a
    traceback, a file's content or anything about a patient.
    """


class UserError(CXRError):
    """Something a user gave that cannot be taken; the page says it in the user's language.

    Args:
        key: of the sentence in the wording.
        values: what is filled into it.

    Attributes:
        key, values: the same.
    """

    def __init__(self, key: str, **values: object):
        super().__init__(translate(key, **values))
        self.key = key
        self.values = values


class RadiographError(UserError):
    """The file given cannot be read as a radiograph. One bad file never stops the others."""


class ArtefactError(CXRError):
    """A shipped artefact is missing or is not the one the manifest names: refuse to start."""

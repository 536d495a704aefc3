"""Download PneumoniaMNIST and pack thumbnails of the references from it.

PneumoniaMNIST (J. Yang et al., "MedMNIST v2", doi:10.5281/zenodo.10519652, CC BY 4.0) holds the
middle of every radiograph of the data set behind the library, at 128 pixels. `CXR_PICTURES_URL`
names a mirror, and `CXR_PICTURES_MD5` the checksum of its file if that differs.
"""

import logging
import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import pooch
import requests

from cxr_demo.artefacts import MIDDLES, Artefacts
from cxr_demo.errors import CXRError
from cxr_demo.reference.library import ReferenceLibrary
from cxr_demo.reference.thumbnails import PACKED, pack_pneumoniamnist

URL = "https://zenodo.org/records/10519652/files/pneumoniamnist_128.npz?download=1"
MD5 = "05b46931834c231683c68f40c47b2971"
TIMEOUT_S = 60
"""Without a byte from the server."""

DOWNLOADING, MATCHING = "download", "match"
"""The stages, in this order."""


def fetch_thumbnails(
    library: ReferenceLibrary,
    artefacts: Artefacts,
    progress: Callable[[str, float], None],
    packed: Path = PACKED,
) -> int:
    """Download the archive (below 100 MB), pack the references' thumbnails (about a minute), and
    delete the archive. One call at a time: two would write the same files.

    Args:
        library: the references.
        artefacts: where it came from; holds the perceptual hashes of its middles, too.
        progress: called with the stage and the share of it that is done, in [0, 1].
        packed: the file to write; the archive is kept beside it until then.

    Returns:
        How many references now have a thumbnail of their own.

    Raises:
        CXRError: if the archive cannot be downloaded or does not match its checksum.
    """
    middles = artefacts.arrays(MIDDLES)["perceptual_hashes"]
    archive = download(
        os.environ.get("CXR_PICTURES_URL", URL),
        os.environ.get("CXR_PICTURES_MD5", MD5),
        packed.parent,
        lambda share: progress(DOWNLOADING, share),
    )
    number = pack_pneumoniamnist(
        archive, library, middles, packed, lambda share: progress(MATCHING, share)
    )
    archive.unlink()
    return number


def download(
    url: str, md5: str, folder: Path, progress: Callable[[float], None] = lambda share: None
) -> Path:
    """Download a file, unless it exists already.

    Args:
        url: http or https, ending in the file's name.
        md5: its checksum, 32 hexadecimal digits.
        folder: where it is written; made if missing.
        progress: called with the share received, in [0, 1], if the server states the size.

    Returns:
        The file in `folder`, with that checksum; nothing else is left there.

    Raises:
        CXRError: if it cannot be downloaded or written, or has another checksum.
    """
    place = urlsplit(url)
    name, host = PurePosixPath(place.path).name, place.hostname
    if place.scheme not in ("http", "https") or not host or not name:
        raise CXRError(f"{url} is not the address of a file. Please give one with http or https.")
    pooch.get_logger().setLevel(logging.WARNING)  # it logs each file that it fetches
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT_S, progressbar=_Progress(progress))
    try:
        return Path(pooch.retrieve(url, f"md5:{md5}", name, folder, downloader=downloader))
    except requests.HTTPError as error:
        answer = error.response
        raise CXRError(
            f"{host} answered {answer.status_code} {answer.reason} when asked for {name}. Please "
            "try again later, or check the address."
        ) from None
    except requests.RequestException as error:
        raise CXRError(
            f"{name} did not arrive from {host} ({type(error).__name__}). Please check that this "
            "computer is online, then try again."
        ) from None
    except OSError as error:
        raise CXRError(
            f"{name} cannot be written to {folder} ({error.strerror or error}). Please check that "
            "the folder may be written to and its disk has room."
        ) from None
    except ValueError:  # what pooch raises for a wrong checksum, after deleting the file
        raise CXRError(
            f"{name} from {host} is not the file expected: its MD5 checksum is not {md5}. It was "
            "deleted. Please try again; if it happens again, get the file another way."
        ) from None


class _Progress:
    """The interface of tqdm that pooch needs; calls a function with the share received."""

    def __init__(self, report: Callable[[float], None]):
        self._report = report
        self.total = 0
        self._arrived = 0

    def update(self, arrived: int) -> None:
        self._arrived += arrived
        if self.total:
            self._report(min(1.0, self._arrived / self.total))

    def reset(self) -> None:
        self._arrived = 0

    def close(self) -> None:
        pass

"""Pictures of the references in one step: downloads PneumoniaMNIST and packs what it holds of them.

PneumoniaMNIST (J. Yang et al., "MedMNIST v2", doi:10.5281/zenodo.10519652, CC BY 4.0) holds the
middle of every radiograph of the data set behind the library, at 128 pixels. A mirror can be named
in `CXR_PICTURES_URL`; should it hold a file of another checksum, that in `CXR_PICTURES_MD5`.
"""

import os
from collections.abc import Callable
from pathlib import Path

from cxr_demo.artefacts import MIDDLES, Artefacts
from cxr_demo.reference.download import fetch
from cxr_demo.reference.library import ReferenceLibrary
from cxr_demo.reference.thumbnails import PACKED, pack_pneumoniamnist

URL = "https://zenodo.org/records/10519652/files/pneumoniamnist_128.npz?download=1"
MD5 = "05b46931834c231683c68f40c47b2971"

DOWNLOADING, MATCHING = "download", "match"
"""The stages, in this order."""


def fetch_pictures(
    library: ReferenceLibrary,
    artefacts: Artefacts,
    progress: Callable[[str, float], None],
    packed: Path = PACKED,
) -> int:
    """Download the archive, pack the references' pictures, and delete the archive.

    Stopped on the way, it goes on where it was when called again. About a minute for matching,
    beside a download of below 100 MB. One call at a time: two would write the same files.

    Args:
        library: the references.
        artefacts: where it came from; holds the fingerprints of its middles, too.
        progress: told the stage and the share of it that is done, in [0, 1].
        packed: the file to write; the archive lies beside it until then.

    Returns:
        How many references now have a picture.

    Raises:
        CXRError: if the archive cannot be had or is not the one; says why and what to do.
    """
    middles = artefacts.arrays(MIDDLES)["fingerprints"]
    archive = fetch(
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

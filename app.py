"""Serve the page: `python app.py`, then http://127.0.0.1:7860.

Host and port come from GRADIO_SERVER_NAME and GRADIO_SERVER_PORT, as on Hugging Face Spaces; what
else can be set is in SECURITY.md.
"""

import atexit
import os
import shutil
import signal
import sys

from cxr_demo.errors import CXRError
from cxr_demo.ui.settings import Settings
from cxr_demo.ui.uploads import Uploads, private_folder


def main() -> None:
    try:
        settings = Settings.from_environment()
        folder = private_folder()
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that atexit runs then, too
        os.environ["GRADIO_TEMP_DIR"] = str(folder / "gradio")  # read when Gradio is imported

        from cxr_demo.artefacts import Artefacts
        from cxr_demo.ui.server import serve

        uploads = Uploads(folder / "uploads", 2 * settings.share)
        serve(Artefacts(), uploads, settings)
    except CXRError as error:
        sys.exit(f"Refusing to start: {error}")
    except OSError as error:  # a port that is taken, a name that is none, a disk that is full
        sys.exit(f"Refusing to start: {error.strerror or error}")


if __name__ == "__main__":
    main()

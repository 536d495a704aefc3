"""Serve the page: `python app.py`, then http://127.0.0.1:7860.

Host and port come from GRADIO_SERVER_NAME and GRADIO_SERVER_PORT, as on Hugging Face Spaces.
"""

import atexit
import os
import shutil
import signal
import sys
import tempfile

# Both are read when Gradio is imported. Uploads live in a private folder that ends with us.
UPLOADS = tempfile.mkdtemp(prefix="cxr-demo-")
os.environ["GRADIO_TEMP_DIR"] = UPLOADS
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
atexit.register(shutil.rmtree, UPLOADS, ignore_errors=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that atexit runs then, too

from cxr_demo.analysis import Analyser  # noqa: E402
from cxr_demo.artefacts import Artefacts  # noqa: E402
from cxr_demo.errors import ArtefactError  # noqa: E402
from cxr_demo.ui.server import serve  # noqa: E402


def main() -> None:
    try:
        artefacts = Artefacts()
        serve(Analyser(artefacts), artefacts, UPLOADS)
    except ArtefactError as error:
        sys.exit(f"Refusing to start: {error}")


if __name__ == "__main__":
    main()

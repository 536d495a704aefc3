"""The page as a Gradio app: `python app.py`, then http://127.0.0.1:7860.

`demo` is a `gr.Blocks`, for Spaces, for tests and for `gradio app.py`, which reloads it while it is
being worked on. Host and port come from GRADIO_SERVER_NAME and GRADIO_SERVER_PORT; what else can be
set is in SECURITY.md.
"""

import os
import sys

from cxr_demo.artefacts import Artefacts
from cxr_demo.errors import CXRError
from cxr_demo.memory import share_one_heap
from cxr_demo.server.service import Service
from cxr_demo.server.settings import Settings
from cxr_demo.server.uploads import Uploads, serving_folder

share_one_heap()
try:
    settings = Settings.from_environment()
    uploads = Uploads(serving_folder())
    service = Service(Artefacts())  # loads in a thread, while Gradio is imported

    from cxr_demo.ui.blocks import APPEARANCE, build

    demo = build(service, uploads, settings)
except CXRError as error:
    sys.exit(f"Refusing to start: {error}")

if __name__ == "__main__":
    if "GRADIO_WATCH_DIRS" in os.environ:
        print("Reloading on changes, on this machine only, without the guard of `python app.py`.")
        demo.launch(server_name="127.0.0.1", **APPEARANCE)
    else:
        from cxr_demo.server.site import serve

        try:
            serve(demo, APPEARANCE, service, uploads, settings)
        except CXRError as error:
            sys.exit(f"Refusing to start: {error}")
        except OSError as error:  # a port that is taken, a name that is none
            sys.exit(f"Refusing to start: {error.strerror or error}")

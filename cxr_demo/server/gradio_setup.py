"""Import Gradio, and change in one place what has no setting: imported before any component.

Each change says why; `tests/server/test_gradio_setup.py` notices when Gradio no longer needs or
takes it. Gradio is pinned in requirements.txt for the same reason.
"""

import inspect
import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from unittest.mock import patch


class Deferred(ModuleType):
    """Stands for a module that others import and hardly use; imported when it is used."""

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self.__name__), name)


# It tells nobody what it does, and does not add up after each event how long all have taken.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**12)

# Gradio writes stubs of its components for editors whenever it is imported, unless a component's
# source is not found: 1.1 s. It imports pandas, which only tables need: 0.4 s and 33 MB.
with patch.object(inspect, "getfile", side_effect=OSError):
    known = sys.modules.setdefault("pandas", Deferred("pandas"))
    import gradio as gr

    if isinstance(known, Deferred):
        del sys.modules["pandas"]

from gradio import component_meta, queueing, route_utils, routes  # noqa: E402
from gradio.state_holder import SessionState  # noqa: E402
from starlette.requests import ClientDisconnect  # noqa: E402

from cxr_demo.errors import UserError  # noqa: E402
from cxr_demo.i18n import translate  # noqa: E402
from cxr_demo.reading.archive import MAX_ENTRIES  # noqa: E402
from cxr_demo.server.limits import client_of  # noqa: E402
from cxr_demo.server.turns import next_in_turn  # noqa: E402
from cxr_demo.server.uploads import new_name  # noqa: E402

component_meta.create_or_modify_pyi = lambda *_: None  # nor for ours: the disk may be read-only


def forget(*_: object) -> None:
    """Gradio keeps every component's last value per session, for links into it: no radiograph,
    nor anything said of one, is to outlive its answer."""


SessionState._update_value_in_config = forget
SessionState._update_config = forget
_begin, _keep, _look_up = (
    getattr(SessionState, name) for name in ("__init__", "__setitem__", "__getitem__")
)


def begin(self: SessionState, blocks: gr.Blocks) -> None:
    """Nor does a session begin with all that a page says of its components, for the same links: 8
    ms and 0.2 MB for each question to an endpoint, which is a session of its own."""
    _begin(self, SimpleNamespace(default_config=blocks.default_config, blocks=()))


def pass_on(self: SessionState, key: int, value: object) -> None:
    """It keeps what updates say of other props, too: an HTML component's are looked at once."""
    if isinstance(value, gr.HTML):
        self.passing = key, value
    else:
        _keep(self, key, value)


def look_once(self: SessionState, key: int) -> object:
    """The component just passed on, or the session's."""
    passed, value = vars(self).pop("passing", (None, None))
    return value if passed == key else _look_up(self, key)


SessionState.__init__ = begin
SessionState.__setitem__, SessionState.__getitem__ = pass_on, look_once


async def store_upload(
    request,
    upload_dir: str,
    max_file_size: float,
    upload_id: str | None,
    force_move: bool = True,
    upload_progress: route_utils.FileUploadProgress | None = None,
) -> tuple[list[str], list[str], list[str]]:
    """Store uploads under random names, and nothing of one that breaks off.

    Gradio's own function names folders by content, so that two senders of one file share it, and
    files by the names that they came with. Arguments and result are those of
    `gradio.route_utils.upload_fn`.
    """
    Path(upload_dir).mkdir(exist_ok=True, parents=True)
    if upload_id and upload_progress:
        upload_progress.track(upload_id)
    parser = route_utils.GradioMultiPartParser(
        request.headers,
        request.stream(),
        max_files=MAX_ENTRIES,
        max_fields=4,
        upload_dir=upload_dir,
        max_file_size=max_file_size,
        upload_id=upload_id,
        upload_progress=upload_progress,
    )
    try:
        files = [part.file for part in (await parser.parse()).getlist("files")]
        owner = client_of(request.scope)
        stored = [str(Path(upload_dir) / new_name(owner)) for _ in files]
        if not files:
            raise KeyError("files")
        for file, path in zip(files, stored, strict=True):
            file.close()
            Path(file.name).rename(path)
    except UserError as error:  # of the guard: too large, too slow
        raise route_utils.MultiPartException(str(error)) from None
    except (ClientDisconnect, KeyError, AttributeError):  # gone, or no form with files
        raise route_utils.MultiPartException(translate("call.malformed")) from None
    finally:
        for file in parser._files_to_close_on_error:  # all there were; none if they are stored
            Path(file.name).unlink(missing_ok=True)
    return stored, [], []


routes.upload_fn = store_upload
queueing.Queue.get_events = next_in_turn

__all__ = ["gr"]

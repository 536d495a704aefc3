"""Where files arrive, in place of Gradio's own upload.

Gradio's stores a file under its name and by the hash of its content, so that two senders of one
file share it. Ours knows neither; what it answers is as Gradio's clients want it.
"""

import errno
import logging
import shutil

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cxr_demo.errors import UserError
from cxr_demo.reading.reader import MAX_FILE_BYTES
from cxr_demo.ui.clients import client_of, refusal
from cxr_demo.ui.uploads import Uploads

MOST_BODY = MAX_FILE_BYTES + (1 << 16)
"""Bytes of a request with one file: a little more than a file may have, to be refused in words."""

# Of a form that is none it would log what its bytes are.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)


def arrival(uploads: Uploads) -> Route:
    """POST one file as multipart/form-data; the answer is a list of one name, for `analyse`."""

    async def arrive(request: Request) -> Response:
        try:
            return JSONResponse([await _arrived(request, uploads)])
        except UserError as refused:
            return refusal(refused)
        except ClientDisconnect:
            return Response()  # which nobody hears

    return Route("/gradio_api/upload", arrive, methods=["POST"])


async def _arrived(request: Request, uploads: Uploads) -> str:
    declared = request.headers.get("content-length", "")
    size = int(declared) if declared.isdecimal() else MOST_BODY
    name = uploads.expect(client_of(request.scope), size)
    try:
        async with request.form(max_files=1, max_fields=4) as form:
            files = [part for part in form.values() if isinstance(part, UploadFile)]
            if len(files) != 1:
                raise UserError("call.malformed")
            await run_in_threadpool(_store, files[0], uploads, name)
        return name
    except BaseException as error:  # whatever it is, also that the sender has gone
        uploads.withdraw(name)
        if isinstance(error, HTTPException):  # not a form, or more than one file
            raise UserError("call.malformed") from None
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError("call.space") from None
        raise


def _store(sent: UploadFile, uploads: Uploads, name: str) -> None:
    with (uploads.folder / name).open("xb") as file:
        shutil.copyfileobj(sent.file, file)

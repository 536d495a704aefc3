"""One file from the network: resumed where an earlier try stopped, kept only if it is right.

What arrives lies beside its place as `<name>.part` until it is whole. A connection that breaks
leaves it there for the next try; a file with the wrong checksum is deleted.
"""

import errno
import ipaddress
import logging
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import urljoin, urlsplit

import pooch
import requests

from cxr_demo.errors import CXRError

CONNECT_SECONDS, SILENT_SECONDS = 15, 60
CHUNK_BYTES = 1 << 16

_AGAIN = "Please try again: what has arrived is kept, and the download goes on from there."


def fetch(
    url: str, md5: str, folder: Path, progress: Callable[[float], None] = lambda share: None
) -> Path:
    """Download a file, unless it is there already.

    Args:
        url: http or https, ending in the file's name.
        md5: its checksum, 32 hexadecimal digits.
        folder: where it goes; made if need be.
        progress: told the share that has arrived, in [0, 1], if the server says how much there is.

    Returns:
        The file in `folder`, with that checksum.

    Raises:
        CXRError: if it cannot be had; says why and what to do.
    """
    place = urlsplit(url)
    name, host = PurePosixPath(place.path).name, place.hostname
    if place.scheme not in ("http", "https") or not host or not name:
        raise CXRError(f"{url} is not the address of a file. Please give one with http or https.")
    # Pooch tells of each file it fetches; the caller's progress does that here.
    pooch.get_logger().setLevel(logging.WARNING)
    arrived = folder / f"{name}.part"
    try:
        found = pooch.retrieve(
            url, f"md5:{md5}", name, folder, downloader=partial(_download, arrived, progress)
        )
    except requests.HTTPError as error:
        answer = error.response
        raise CXRError(
            f"{host} answered {answer.status_code} {answer.reason} when asked for {name}. Please "
            "try again later, or check the address."
        ) from None
    except requests.Timeout:
        raise CXRError(f"{host} does not answer. {_AGAIN}") from None
    except requests.ConnectionError:
        raise CXRError(
            f"{host} cannot be reached, or the connection broke. Please check that this computer "
            f"is online. {_AGAIN}"
        ) from None
    except requests.RequestException as error:
        raise CXRError(f"{name} did not arrive whole ({type(error).__name__}). {_AGAIN}") from None
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise CXRError(
                f"The disk of {folder} is full. Please free some space, then try again: what has "
                "arrived is kept."
            ) from None
        raise CXRError(
            f"{name} cannot be written to {folder} ({os.strerror(error.errno or errno.EACCES)}). "
            "Please check that the folder may be written to."
        ) from None
    except ValueError:  # what pooch raises for a wrong checksum, after deleting the file
        raise CXRError(
            f"{name} from {host} is not the file expected: its MD5 checksum is not {md5}. It was "
            "deleted. Please try again; if it happens again, get the file another way."
        ) from None
    return Path(found)


def _download(
    arrived: Path, progress: Callable[[float], None], url: str, output_file: str, _pooch: object
) -> None:
    """Fill `arrived`, from where it ends, and put it where pooch checks it."""
    with requests.Session() as session:
        session.hooks["response"].append(_check_redirect)
        start = arrived.stat().st_size if arrived.exists() else 0
        answer = _ask(session, url, start)
        if start and not _continues(answer, start):
            answer.close()
            start = 0
            answer = _ask(session, url, start)
        with answer:
            answer.raise_for_status()
            total = start + int(answer.headers.get("Content-Length", 0))
            with arrived.open("ab" if start else "wb") as file:
                for chunk in answer.iter_content(CHUNK_BYTES):
                    file.write(chunk)
                    progress(min(1.0, file.tell() / total) if total > start else 0.0)
    arrived.replace(output_file)


def _ask(session: requests.Session, url: str, start: int) -> requests.Response:
    # Compressed on the way, bytes of the answer would not be bytes of the file.
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    return session.get(url, headers=headers, stream=True, timeout=(CONNECT_SECONDS, SILENT_SECONDS))


def _continues(answer: requests.Response, start: int) -> bool:
    """Whether an answer is the rest of the file: not all of it again, nor past its end (416)."""
    where = answer.headers.get("Content-Range", "")
    return answer.status_code == 206 and where.startswith(f"bytes {start}-")


def _check_redirect(answer: requests.Response, **_: object) -> None:
    """Let a server send us on only where nobody on the way can read or change what arrives."""
    if not answer.is_redirect:
        return
    target = urlsplit(urljoin(answer.url, answer.headers["Location"]))
    if target.scheme != "https" and not _is_loopback(target.hostname or ""):
        raise CXRError(
            f"{urlsplit(answer.url).hostname} sends us on to {target.scheme}://{target.hostname}, "
            "which is not encrypted. Please use another address."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""Analyse files on all cores of a Ray cluster; the same contract as `process_pool`.

Files, checkout and the packages of requirements-ray.txt have to be at the same path on all
machines. Without an address a Ray of this machine is started, and ended afterwards. Telemetry and
dashboard are off.

A worker that dies is restarted and its block repeated. A block that fails every time is left out by
Ray; `process_pool` then analyses its files on this machine and finds those that end a process. It
analyses what came through a pipe to this process, too.
"""

import json
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from cxr_demo.cli import process_pool
from cxr_demo.cli.files import Piped
from cxr_demo.cli.process_pool import MakeAnalyser
from cxr_demo.errors import CXRError

THIS_MACHINE = "local"
BATCH = 4
MAX_BLOCK_FILES = 64
"""In a block, which is repeated as a whole when its worker dies."""
BLOCK_BYTES = 8192
"""Of records that a worker returns at a time; a few, so that `progress` has them soon."""
MAX_RETRIES = 3
MAX_FAILED_BLOCKS = 16
"""Blocks that may fail every time; with more of them the files are not the cause."""


def analyse_files(
    make: MakeAnalyser, files: Sequence[str], address: str = THIS_MACHINE
) -> Iterator[tuple[int, str]]:
    """Analyse files on a cluster.

    Args:
        make: makes an analyser; importable on all machines.
        files: their names, the same on all machines.
        address: of the cluster, as `ray.init` takes it; "local" starts one.

    Returns:
        (number, record) of each file, once, in no order. The connection ends with the iterator.

    Raises:
        CXRError: if Ray is not installed or does not answer, or its job ends early.
    """
    if not files:
        return
    missing = set(range(len(files)))
    # A name may hold bytes that are not UTF-8; JSON escapes them.
    names = [
        {"number": number, "file": json.dumps(file)}
        for number, file in enumerate(files)
        if not isinstance(file, Piped)
    ]
    with _connected(address) as ray:
        for row in _rows(ray, make, names) if names else ():
            if row["number"] in missing:
                missing.discard(row["number"])
                yield row["number"], row["record"]
    left = sorted(missing)
    with closing(process_pool.analyse_files(make, [files[number] for number in left])) as records:
        yield from ((left[number], record) for number, record in records)


@contextmanager
def _connected(address: str) -> Iterator:
    """The module `ray`, connected to a cluster.

    Raises:
        CXRError: if it is not installed, or the cluster does not answer.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when it is imported
    try:
        import ray
        import ray.data
    except ImportError:
        raise CXRError(
            "--ray needs the package ray, which is not installed. "
            "Please run `pip install -r requirements-ray.txt`, or leave --ray out."
        ) from None
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # failed blocks are done here
    own = (
        {"num_cpus": process_pool.cores(), "include_dashboard": False}
        if address == THIS_MACHINE
        else {}
    )
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise CXRError(
            f"There is no Ray at {address} ({_first_line(error)}). Please check the address, or "
            "leave it out for a Ray of this machine."
        ) from None
    try:
        yield ray
    finally:
        ray.shutdown()


def _rows(ray, make: MakeAnalyser, names: Sequence[dict]) -> Iterator[dict]:
    """{"number", "record"} of each {"number", "file"} as it is done.

    Raises:
        CXRError: if the job ends early.
    """
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.target_max_block_size = BLOCK_BYTES
    context.max_errored_blocks = MAX_FAILED_BLOCKS
    cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
    blocks = max(len(names) // MAX_BLOCK_FILES, min(len(names), 4 * cores))
    with warnings.catch_warnings():
        # Ray 2.64 moves the two limits; requirements-ray.txt ends before that.
        warnings.simplefilter("ignore", DeprecationWarning)
        records = ray.data.from_items(names, override_num_blocks=blocks).map_batches(
            _Worker,
            fn_constructor_args=(make,),
            batch_size=BATCH,
            compute=ray.data.ActorPoolStrategy(size=min(cores, blocks)),
            num_cpus=1,
            max_restarts=-1,
            max_task_retries=MAX_RETRIES,
        )
    try:
        yield from records.iter_rows()
    except ray.exceptions.RayError as error:
        raise CXRError(
            f"The Ray job ended early ({_first_line(error)}). What is done is kept; are the files "
            "and the checkout at the same path on all machines?"
        ) from error


class _Worker:
    """The analyser that Ray keeps in each of its processes."""

    def __init__(self, make: MakeAnalyser):
        self._analyse = make(1)

    def __call__(self, batch: dict) -> dict:
        records = [self._analyse(json.loads(name)) for name in batch["file"]]
        return {"number": batch["number"], "record": records}


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]

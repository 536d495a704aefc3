"""The command lines of trainings and measurements: options that many modules share.

Data contract: a module's docstring and the names of its options in, an `argparse.Namespace` out.
"""

import argparse
from pathlib import Path

SHARED: dict[str, dict] = {
    "data": {
        "type": Path,
        "required": True,
        "help": "folder with train/, val/ and test/, each with NORMAL/ and PNEUMONIA/ in it",
    },
    "trunk": {
        "type": Path,
        "required": True,
        "help": "VGG16's convolutions, for keras.applications.VGG16(include_top=False)",
    },
    "epochs": {
        "type": int,
        "help": "passes over the images instead of the recipe's; one is enough to try it",
    },
    "native": {"type": Path, "help": "folder of training files at their original size"},
}
"""By name, what `argparse` is told of it."""


def parse(doc: str, *shared: str, work: str | None = None, **own: dict) -> argparse.Namespace:
    """Read the command line.

    Args:
        doc: the module's docstring; its first line introduces the help.
        shared: names out of SHARED.
        work: the folder that `--work` names if it is left out; None for no such option.
        own: the module's own options, by name, as `add_argument` takes them; an underscore is
            written as a dash.

    Returns:
        All options by name; `work` is a `Path`.

    Raises:
        SystemExit: after a sentence, if the command line does not fit.
    """
    parser = argparse.ArgumentParser(description=doc.split("\n")[0])
    options = {name: SHARED[name] for name in shared} | own
    if work is not None:
        options["work"] = {"type": Path, "default": Path(work), "help": f"by default {work}"}
    for name, settings in options.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **settings)
    return parser.parse_args()

"""Assembles the folder of a Hugging Face Space, checks it, and on request tries it out.

    python -m deploy.space FOLDER [--start]

FOLDER has to be new or empty; `docs/deploy.md` says how to upload it. `--start` installs its
requirements into a virtual environment of its own, starts it as Spaces does, has one example read
and says how long that took; it needs a package index and some minutes. Exit status 1, with the
reason, if anything is not as it has to be.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from cxr_demo.errors import CXRError
from deploy.checks import CHECKS
from deploy.contents import assemble
from deploy.front_matter import front_matter
from deploy.trial import install, try_out


def checked(folder: Path) -> list[str]:
    """Run all checks on a folder, printing what each found.

    Returns:
        What is wrong, one sentence each.
    """
    wrong = []
    for name, check in CHECKS.items():
        found, faults = check(folder)
        print(f"{name:<14}{'FAILED' if faults else 'ok':<8}{'' if faults else found}")
        wrong += faults
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="a new or empty folder")
    parser.add_argument("--start", action="store_true", help="install it, start it, ask it")
    arguments = parser.parse_args()
    folder = arguments.folder
    try:
        assemble(folder)
        if wrong := checked(folder):
            sys.exit("\n".join(wrong))
        if arguments.start:
            with tempfile.TemporaryDirectory(prefix="space-venv-") as environment:
                gradio = front_matter(folder)["sdk_version"]
                trial = try_out(folder, install(folder, gradio, Path(environment)))
            print(
                f"started       ok      page after {trial.page_s:.1f} s, well after "
                f"{trial.well_s:.1f} s; then a reading in {trial.reading_s:.1f} s"
            )
    except (CXRError, OSError) as error:
        sys.exit(f"{error}")
    print(f"\n{folder} is a Space. docs/deploy.md says how to upload it.")


if __name__ == "__main__":
    main()

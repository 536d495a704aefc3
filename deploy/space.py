"""Assembles the folder of a Hugging Face Space, checks it, and on request tries and uploads it.

    python -m deploy.space FOLDER [--start] [--upload NAME/SPACE [--private]]

FOLDER has to be new or empty. If anything is wrong, the command says what and ends with status 1
before anything is uploaded.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from cxr_demo.errors import CXRError
from deploy.checks import faults
from deploy.contents import assemble
from deploy.front_matter import front_matter
from deploy.trial import install, try_out
from deploy.upload import upload


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="a new or empty folder")
    parser.add_argument("--start", action="store_true", help="install it, start it, ask it")
    parser.add_argument("--upload", metavar="NAME/SPACE", help="replace all files of this Space")
    parser.add_argument("--private", action="store_true", help="visible to NAME only")
    arguments = parser.parse_args()
    folder = arguments.folder
    try:
        assemble(folder)
        if wrong := faults(folder):
            sys.exit("\n".join(wrong))
        if arguments.start:
            with tempfile.TemporaryDirectory(prefix="space-venv-") as environment:
                python = install(folder, front_matter(folder).sdk_version, Path(environment))
                print(f"ok      {try_out(folder, python)}")
        if arguments.upload:
            print(f"\nUploaded to {upload(folder, arguments.upload, arguments.private)}")
        else:
            print(f"\n{folder} is a Space. docs/deploy.md says how to upload it.")
    except (CXRError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

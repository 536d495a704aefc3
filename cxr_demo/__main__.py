"""`python -m cxr_demo`: see `cxr_demo.cli.arguments`."""

import sys

from cxr_demo.cli.arguments import main

if __name__ == "__main__":
    sys.exit(main())

"""Measures this project beside the obvious way: `make bench`."""

import cxr_demo as cxr_demo  # before NumPy, of whose threads it wants one

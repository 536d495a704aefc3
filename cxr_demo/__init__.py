"""A chest X-ray research demo: what trained VGG16 models make of one radiograph, and why.

Reading order: `reading` → `models` → `anomaly`, `reference` → `analysis` → `report` → `cli`, `ui`.
Each imports only from those before it, and from `errors`, `i18n` and `artefacts`;
`tests/test_layers.py` holds the order.
"""

__version__ = "0.1.0"

import os

# NumPy's own threads spin for a while after each product and take the cores from the networks,
# which come right after: an analysis took 120 ms instead of 85. Read when NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

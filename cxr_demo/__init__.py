"""A chest X-ray research demo: what trained VGG16 models make of one radiograph, and why.

Reading order: `radiograph` → `preprocess` → `network` → `prediction`, `library`, `atlas`,
`anomaly` → `analysis` → `report` and `ui`. Imports point in that direction only.
"""

__version__ = "0.1.0"

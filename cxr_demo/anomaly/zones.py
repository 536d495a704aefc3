"""The six zones of the lungs, as a radiologist names them: in the frame they lie in one place.

Data contract: a mask uint8 (ZONES_SIDE, ZONES_SIDE) of the frame, 0 outside the lungs, else 1 + the
index in ZONES, which `train.recipes.alignment` stores beside the template.
"""

ZONES = (
    "right_upper", "right_middle", "right_lower", "left_upper", "left_middle", "left_lower",
)  # fmt: skip
"""The patient's right is the image's left."""
ZONES_SIDE = 64

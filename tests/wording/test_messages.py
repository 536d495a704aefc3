"""The status line of a reading."""

import pytest

from cxr_demo.i18n import translate
from cxr_demo.wording.messages import done_html

IMAGE = {"width": 320, "height": 260, "bit_depth": 8, "burned_in": False, "tinted": False}


@pytest.mark.parametrize("noted", [(), ("burned_in",), ("tinted",), ("burned_in", "tinted")])
def test_what_to_mind_about_the_picture_is_said_with_its_size(noted):
    image = IMAGE | dict.fromkeys(noted, True)
    line = done_html({"image": image, "same_picture": [], "veil": None, "left_out": 0})
    assert "320" in line and "260" in line
    for key in ("burned_in", "tinted"):
        assert (f'data-t="{key}"' in line or translate(key) in line) is (key in noted)

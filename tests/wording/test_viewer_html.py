"""What Python writes into the viewer's panels."""

from cxr_demo.wording.viewer_html import probe_rows

BEFORE = {"binary": {"pneumonia": 0.8}, "three_class": {"bacterial": 0.5, "viral": 0.3}}
AFTER = {"binary": {"pneumonia": 0.55}, "three_class": {"bacterial": 0.5004, "viral": 0.425}}


def test_a_probe_is_told_by_points_of_difference_in_every_language():
    untouched, changed = probe_rows([[0, 0, 1, 1], [0.1, 0.2, 0.35, 0.4]], "blur", BEFORE, AFTER)
    assert untouched.startswith('<tr><th scope="row">0</th>')
    assert changed.startswith('<tr><th scope="row">2</th>'), "the second box"
    for box in ("10%", "20%", "35%", "40%", "a blur of itself"):
        assert f'<span lang="en">{box}</span>' in changed
    # 55 − 80 = −25 points; 50.04 − 50 is shown as none; 42.5 − 30 = +12.5.
    for cell in ("55.0% (−25.0)", "50.0% (±0.0)", "42.5% (+12.5)"):
        assert f'<span lang="en">{cell}</span>' in changed
    assert '<span lang="de">42,5\N{NO-BREAK SPACE}% (+12,5)</span>' in changed

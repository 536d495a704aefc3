"""README and cards say what the metrics say."""

import pytest

from train.documents.render import DOCUMENTS, all_blocks, filled


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_documents_agree_with_the_metrics(path):
    document = path.read_text()
    assert "<!-- results:" in document
    assert document == filled(document, all_blocks()), "run `python -m train.documents.render`"


def test_a_drifted_number_is_replaced():
    document = "before\n<!-- results:a -->\n| 0.99 |\n<!-- /results -->\nafter\n"
    expected = "before\n<!-- results:a -->\n| 0.91 |\n<!-- /results -->\nafter\n"
    assert filled(document, {"a": "| 0.91 |\n"}) == expected


def test_an_unknown_block_is_an_error():
    with pytest.raises(KeyError):
        filled("<!-- results:nothing -->\n<!-- /results -->", {})

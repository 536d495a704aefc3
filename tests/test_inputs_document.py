"""docs/inputs.md says of each kind of input what a test shows."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
KEPT_TRUE_BY = {
    "reading/test_reader.py": {
        "PNG of 1 to 16 bits": "test_a_sixteen_bit_png_is_scaled_by_the_depth_that_holds_it",
        "JPEG, baseline": "test_exif_rotation",
        "a picture in colour": "test_how_much_colour_is_too_much",
        "GIF, BMP": "test_another_kind_of_file_is_named_and_png_or_jpeg_asked_for",
        "a file that ends too early": "test_an_incomplete_file_is_told_so",
        "fewer than 64 pixels": "test_a_strip_is_refused",
        "one grey level": "test_an_image_of_one_grey_is_refused",
    },
    "reading/test_jpeg_family.py": {
        "JPEG lossless": "test_every_value_is_scaled_by_the_bits_of_the_stream",
        "JPEG XL": "test_a_form_that_no_decoder_reads_is_named",
    },
    "test_shipped.py": {
        "a photo of a film": "test_photographs_of_a_film_are_unusual_not_refused",
    },
    "reading/test_tint.py": {
        "a film scanned": "test_an_even_tint_is_read_as_its_luminance_and_said",
    },
    "reading/test_dicom.py": {
        "CR, DX": "test_end_to_end",
        "a lateral view": "test_refusals_come_through_whole",
    },
    "reading/test_dicom_lut.py": {
        "a window, table": "test_what_leaves_nothing_of_the_picture_counts_as_absent",
        "a table whose entries": "test_a_table_far_below_its_stated_depth_ends_at_white",
    },
    "reading/test_jpeg_2000.py": {
        "JPEG 2000 of 2,048 pixels": "test_the_longer_side_keeps_what_a_page_shows",
    },
    "reading/test_dicom_exports.py": {
        "an optional element": "test_an_optional_element_without_a_value_counts_as_absent",
        "pixels that are not square": "test_the_shape_of_a_pixel",
    },
    "browser/test_page.py": {
        "several frames": "test_a_frame_of_several_is_asked_for",
        "a decimal comma": "test_a_decimal_comma_is_a_point_in_every_language",
        "what is no number": "test_what_is_no_number_of_the_range_keeps_the_old_one_and_says_so",
        "the wheel": "test_a_pasted_comma_is_a_point_and_the_wheel_leaves_numbers_alone",
        "a folder dropped": "test_a_folder_is_called_that_wherever_it_is_dropped",
        "an address": "test_an_address_that_holds_a_login_works",
        "a first request": "test_a_first_request_that_fails_is_said",
        "high contrast": "test_what_is_chosen_differs_in_forced_colours",
    },
    "cli/test_batch.py": {
        "text that may be burned": "test_the_reason_of_an_ordinary_one_is_its_burned_in_text",
        "CSV tables": "test_csv_has_its_mark_once_at_its_start",
    },
    "reading/test_archive.py": {
        "ZIP archive": "test_a_bomb_is_not_unpacked",
    },
    "reading/test_archive_names.py": {
        "names in a ZIP": "test_a_name_comes_out_as_it_was_given",
    },
    "cli/test_arguments.py": {
        "a folder that": "test_a_folder_that_cannot_be_listed_is_refused_and_the_rest_analysed",
        "hidden entries": "test_what_is_left_out_is_said_in_one_line",
        "a pipe": "test_a_pipe_is_analysed_like_a_file_in_any_process",
    },
    "cli/test_files.py": {
        "links in a folder": "test_linked_files_and_folders_are_followed",
    },
    "ui/test_map_link.py": {
        "no WebGL": "test_without_webgl_points_are_svg_and_no_other_page_is_advised",
    },
}
"""By file, how a line of the document begins, and what would fail if it were wrong."""


def test_every_line_is_kept_true_by_a_test_that_there_is():
    document = (ROOT / "docs" / "inputs.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| (?!what arrives|what happens|---)(.+?) \|", document, re.MULTILINE)
    begins = [begin for tests in KEPT_TRUE_BY.values() for begin in tests]
    kept = {line: [begin for begin in begins if line.startswith(begin)] for line in lines}
    assert [line for line, found in kept.items() if len(found) != 1] == []
    assert len(lines) == len(begins)
    for file, tests in KEPT_TRUE_BY.items():
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert set(tests.values()) <= functions, file

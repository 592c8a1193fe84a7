"""Rows to CSV, streamed, safe to open in a spreadsheet."""

import csv

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

# A cell that begins so would be run as a formula (quality.md, "Security").
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")  # the wide ones in East Asian editions
BOM = "\ufeff"  # without it Excel reads Cyrillic as something else


class _Echo:
    def write(self, line):
        return line


def safe(cell):
    """The cell as text that no spreadsheet runs; numbers stay numbers."""
    if cell is None:
        return ""
    if isinstance(cell, int | float):
        return cell
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def lines(rows):
    """CSV lines of rows of cells, one at a time."""
    writer = csv.writer(_Echo(), delimiter=";")
    yield BOM
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])


def csv_response(rows, file_name):
    """A download of the rows, streamed as they come."""
    return StreamingHttpResponse(
        lines(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(True, file_name), "X-Accel-Buffering": "no"},
    )

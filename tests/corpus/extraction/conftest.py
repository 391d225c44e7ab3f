from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest


def pdf_bytes(pages: Sequence[Sequence[str]]) -> bytes:
    """A PDF with one line of text below the other, in a standard Chinese font that is not embedded."""
    bodies = [
        "BT /F1 12 Tf 14 TL 60 780 Td\n"
        + "".join(f"<{line.encode('utf-16-be').hex()}> Tj T*\n" for line in lines)
        + "ET"
        for lines in pages
    ]
    return _pdf_with(bodies)


def scanned_pdf_bytes() -> bytes:
    """A PDF whose one page is a picture, as a scanner makes it."""
    return _pdf_with(["q 400 0 0 600 60 100 cm BI /W 2 /H 2 /CS /G /BPC 8 ID \x00\x7f\x7f\x00 EI Q"])


def _pdf_with(bodies: Sequence[str]) -> bytes:
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(bodies)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(bodies)} >>",
        "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts ["
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo "
        "<< /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor << /Type /FontDescriptor "
        "/FontName /STSong-Light /Flags 6 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 880 /Descent -120 "
        "/CapHeight 880 /StemV 80 >> >>] >>",
    ]
    for number, body in enumerate(bodies):
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {5 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(body)} >>\nstream\n{body}\nendstream")
    written = b"%PDF-1.4\n"
    places = []
    for number, text in enumerate(objects, start=1):
        places.append(len(written))
        written += f"{number} 0 obj\n{text}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} /Root 1 0 R >>\n"
    return written + f"{end}startxref\n{len(written)}\n%%EOF\n".encode("latin-1")


def zip_bomb_bytes() -> bytes:
    """A .docx by its names, of some 60 kB, that unpacks to 64 MiB of spaces."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b" " * (64 * 1024 * 1024))
    return target.getvalue()


@pytest.fixture
def make_file(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def make(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return make


@pytest.fixture
def make_pdf(make_file: Callable[[str, bytes], Path]) -> Callable[..., Path]:
    return lambda *pages: make_file("合同.pdf", pdf_bytes(pages))


@pytest.fixture
def scanned_pdf(make_file: Callable[[str, bytes], Path]) -> Path:
    return make_file("扫描件.pdf", scanned_pdf_bytes())


@pytest.fixture
def zip_bomb(make_file: Callable[[str, bytes], Path]) -> Path:
    return make_file("炸弹.docx", zip_bomb_bytes())

"""PDFs drawn here, every letter at its place, and what becomes of them."""

from dataclasses import dataclass, field

import pytest

from schemas.document import Parsed
from schemas.quarantine import Rejected
from transforms.parsers.params import ParseParams
from transforms.parsers.pdf import parse

REGULAR, BOLD = "F1", "F2"


@dataclass
class Page:
    """A page under construction: letters at exact places, as any writer of PDFs draws them."""

    drawn: list[str] = field(default_factory=list)
    rotate: int = 0

    def put(self, text: str, x: float, y: float, *, size: float = 10, font: str = REGULAR) -> "Page":
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        self.drawn.append(f"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm ({escaped}) Tj ET")
        return self

    def lines(
        self, *texts: str, x: float = 72, y: float = 700, size: float = 10, font: str = REGULAR
    ) -> "Page":
        for at, text in enumerate(texts):
            self.put(text, x, y - 1.2 * size * at, size=size, font=font)
        return self

    def row(self, label: str, *figures: str, y: float) -> "Page":
        self.put(label, 72, y)
        for at, figure in enumerate(figures):
            self.put(figure, 340 + 90 * at - 5 * len(figure), y)
        return self


def pdf(
    *pages: Page, info: str = "", catalog: str = "", trailer: str = "", extra: tuple[str, ...] = ()
) -> bytes:
    fonts = ("Helvetica", "Helvetica-Bold")
    bodies = [f"<< /Type /Catalog /Pages 2 0 R {catalog} >>", "", f"<< {info} >>"]
    bodies += [
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>" for name in fonts
    ]
    bodies += extra
    kids = []
    for page in pages:
        stream = "\n".join(page.drawn)
        bodies.append(f"<< /Length {len(stream.encode('latin-1'))} >>\nstream\n{stream}\nendstream")
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Rotate {page.rotate}"
            f" /Contents {len(bodies)} 0 R /Resources << /Font << /F1 4 0 R /F2 5 0 R >> >> >>"
        )
        kids.append(f"{len(bodies)} 0 R")
    bodies[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}] >>"
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(out)
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    head = f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}"
    root = f"/Size {len(bodies) + 1} /Root 1 0 R /Info 3 0 R"
    tail = f"trailer\n<< {root} {trailer} >>\nstartxref\n{start}\n%%EOF\n"
    return out + head.encode() + tail.encode("latin-1")


def read(*pages: Page, **parts: str) -> Parsed:
    (document,) = parse(pdf(*pages, **parts), key="a.pdf", params=ParseParams()).parsed
    return document


def refusal(content: bytes) -> Rejected:
    with pytest.raises(Rejected) as caught:
        parse(content, key="a.pdf", params=ParseParams())
    return caught.value


PROSE = (
    "The gauge measures the level of the river every ten minutes and sends",
    "it to the station, which keeps the last three days in case the radio",
    "link is down, and repeats them when it is back.",
)

"""The inspector page at `/`: hand-written files that ask the same interface as everybody else."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from schemas.errors import NotFoundError

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).parent / "inspector"
TYPES = {".css": "text/css", ".js": "text/javascript"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Nothing from another host, nothing inline; where browsers know trusted types, no text becomes markup."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


@router.get("/")
async def page() -> FileResponse:
    """The page; it has nothing to hide, and asks for a key where the server needs one."""
    return FileResponse(FOLDER / "index.html", media_type="text/html", headers=HEADERS)


@router.get("/inspector/{name}")
async def part(name: str) -> FileResponse:
    """A style sheet or a module of the page."""
    there = {path.name: path for path in FOLDER.iterdir() if path.suffix in TYPES}
    if name not in there:
        raise NotFoundError(f"the page has no file {name!r}", fix="reload the page")
    return FileResponse(there[name], media_type=TYPES[there[name].suffix], headers=HEADERS)

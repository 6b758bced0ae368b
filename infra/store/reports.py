"""Validation reports: pages beside the tables, for people, the newest of them kept."""

from __future__ import annotations

from pathlib import Path

from infra.store.connection import Store

FOLDER = "_reports"
KEPT = 200


def write_report(store: Store, name: str, page: str) -> str:
    """Keep a page and return where it is."""
    place = f"{FOLDER}/{name}.html"
    if store.objects is not None:
        store.objects.write(place, page.encode())
        return f"{store.uri.rstrip('/')}/{place}"
    path = Path(store.uri) / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return str(path)


def collect_reports(store: Store) -> int:
    """Delete all but the newest pages, and return how many."""
    if store.objects is not None:
        old = sorted(path for path, _ in store.objects.sizes(f"{FOLDER}/"))[:-KEPT]
        if old:
            store.objects.delete(old)
        return len(old)
    pages = sorted((Path(store.uri) / FOLDER).glob("*.html"), key=lambda path: path.name)[:-KEPT]
    for path in pages:
        path.unlink(missing_ok=True)
    return len(pages)

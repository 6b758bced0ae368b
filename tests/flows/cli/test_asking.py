"""Every passage has a name in what a person reads."""

from flows.cli.ask import context_text
from schemas.context import Candidate, Citation, Context, Tokens


def test_a_passage_without_a_title_is_called_by_its_file_and_record() -> None:
    citation = Citation(
        n=1, chunk_id="c", document_id="d", uri="file:///a/rows.csv#7", title=None, heading="", page=None,
        start=0, end=4, quote="Text", source="rows", source_at=None, age_s=None, stale=False, score=0.25,
    )  # fmt: skip
    candidate = Candidate(
        chunk_id="c", uri="file:///a/rows.csv#7", title=None, heading="", vector_score=0.25, vector_rank=1,
        keyword_score=None, keyword_rank=None, named=0.0, support=0.0, freshness=1.0, score=0.25,
        verdict="kept",
    )  # fmt: skip
    found = Context(
        context_id="x", digest="x", release=1, context_view="default", question="a?", answerable=True,
        messages=(), citations=(citation,), tokens=Tokens(used=1, budget=2), dropped=(), explain=(candidate,),
    )  # fmt: skip

    text = context_text(found).splitlines()

    assert "[1] rows.csv#7   score 0.25" in text
    assert text[-1].endswith("  rows.csv#7")

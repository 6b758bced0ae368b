"""What was asked and answered, and what people said of it: the logs that preferences are made from."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa

from schemas.document import TIMESTAMP

FeedbackKind = Literal["like", "dislike", "score", "ranking", "edit", "wrong_citation"]
"""What one person says of one answer."""

INTERACTION = pa.schema(
    [
        pa.field("context_id", pa.string(), nullable=False),
        pa.field("asked_at", TIMESTAMP, nullable=False),
        pa.field("interface", pa.string(), nullable=False),  # context | ask | chat | search | mcp | plugin
        pa.field("user", pa.string()),  # null: anonymous
        pa.field("groups", pa.list_(pa.string()), nullable=False),
        pa.field("view", pa.string(), nullable=False),
        pa.field("release", pa.int64(), nullable=False),
        pa.field("digest", pa.string(), nullable=False),
        pa.field("question", pa.string(), nullable=False),
        pa.field("request", pa.string(), nullable=False),  # JSON of the ContextRequest
        pa.field("context", pa.string(), nullable=False),  # JSON of the Context as it was answered
        pa.field("answerable", pa.bool_(), nullable=False),
        # Every chunk that was shown, in earlier turns of the conversation too; so for the two below.
        pa.field("chunk_ids", pa.list_(pa.string()), nullable=False),
        pa.field("document_ids", pa.list_(pa.string()), nullable=False),
        pa.field("acl", pa.list_(pa.string()), nullable=False),  # who may read all of them; empty: nobody
        pa.field("answer", pa.string()),  # what the language model wrote, where one was asked
        pa.field("model", pa.string()),
        pa.field("latency_ms", pa.float64(), nullable=False),
    ]
)
"""One row is one context that was served; an append-only log, read by its asker or an admin."""

FEEDBACK = pa.schema(
    [
        pa.field("feedback_id", pa.string(), nullable=False),
        pa.field("context_id", pa.string(), nullable=False),
        pa.field("at", TIMESTAMP, nullable=False),
        pa.field("kind", pa.string(), nullable=False),  # a FeedbackKind
        pa.field("labeler", pa.string()),  # who says so; null: anonymous
        pa.field("expert", pa.bool_(), nullable=False),  # said by one whose word decides a conflict
        pa.field("score", pa.float64()),  # kind score: 0 to 1
        pa.field("answer", pa.string()),  # which answer is meant; null: the interaction's own
        pa.field("edited", pa.string()),  # kind edit: what it should have been
        pa.field("ranking", pa.list_(pa.string())),  # kind ranking: answers, best first
        pa.field("citation", pa.int32()),  # kind wrong_citation: its number in the context
        pa.field("comment", pa.string()),
        pa.field("owner", pa.string()),  # kind wrong_citation: whom the cited document's source belongs to
        pa.field("document_id", pa.string()),  # kind wrong_citation: the document it cites
        pa.field("uri", pa.string()),  # and where that is
    ]
)
"""One row is what somebody said of one answer; an append-only log. A labeler's newest word counts."""

"""Rights: rows for those who may read them, of documents with the labels that are asked for."""

from __future__ import annotations

from schemas.dataset import Example, Refusal, Refused
from tests.transforms.datasets.examples import example, use
from transforms.datasets.inputs import admits
from transforms.datasets.sieves.rights import Audience, labeled, labels_of

ACLS = {"open": ("everyone",), "hr": ("group:hr",), "both": ("group:hr", "group:it")}
ROWS = [example(name, name, "x", uses=(use(name, acl=acl),)) for name, acl in ACLS.items()]
ROWS.append(example("mixed", "mixed", "x", uses=(use("open"), use("both", acl=ACLS["both"]))))


def test_a_row_is_for_those_who_may_read_all_of_it() -> None:
    audience = Audience(lambda _, acl: admits(acl, ("group:it",)), ACLS)
    left = [audience(row) for row in ROWS]
    assert [one.row_id for one in left if isinstance(one, Example)] == ["open", "both", "mixed"]
    assert [one.reason for one in left if isinstance(one, Refused)] == [Refusal.AUDIENCE]


def test_what_each_audience_would_get_is_counted_with_what_the_builder_refused() -> None:
    audience = Audience(lambda _, acl: admits(acl, ("everyone",)), ACLS)
    for row in ROWS:
        audience(row)
    audience.missed(Refused(reason=Refusal.AUDIENCE, document_id="hr"))
    audience.missed(Refused(reason=Refusal.STALE, document_id="hr"))
    assert audience.rows_for() == {"everyone": 1, "group:hr": 5, "group:it": 3}


def test_every_document_of_a_row_needs_the_labels() -> None:
    labels = labels_of(
        [
            {"document_id": "open", "labels": [{"name": "license", "value": "MIT"}]},
            {"document_id": "both", "labels": [{"name": "license", "value": "none"}]},
            {"document_id": "hr", "labels": []},
        ]
    )
    sieve = labeled({"license": ("MIT", "CC0")}, labels)
    left = [sieve(row) for row in ROWS]
    assert [one.row_id for one in left if isinstance(one, Example)] == ["open"]
    why = [one.because for one in left if isinstance(one, Refused)]
    assert why == ["license=", "license=none", "license=none"]

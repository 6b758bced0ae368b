from __future__ import annotations

import json

from schemas.expectations import chunks_suite, documents_suite
from tests.transforms.tables import documents
from tests.transforms.test_suites import PARSED, changed, chunks
from transforms.suites import judge, scalars
from transforms.suites_wire import from_wire, judge_wire, request


def test_a_verdict_comes_back_from_the_wire_as_it_was() -> None:
    cases = [(changed(documents(PARSED), 5, acl=[], title=None), documents_suite(("en",))),
             (chunks(), chunks_suite(256))]  # fmt: skip
    for table, suite in cases:
        rows = scalars(table, suite)
        asked, content = request(rows, suite)

        reply = judge_wire(json.loads(json.dumps(asked)), content)

        assert from_wire(json.loads(json.dumps(reply))) == judge(table, suite)

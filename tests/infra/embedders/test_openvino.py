from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.embedders.openvino import BATCH_TEXTS, BATCH_TOKENS, _batches, import_openvino, precisions


@given(st.lists(st.integers(1, 600), max_size=400))
def test_every_text_is_in_one_batch_and_no_batch_is_too_large(lengths: list[int]) -> None:
    batches = list(_batches(lengths))

    assert sorted(row for rows in batches for row in rows) == list(range(len(lengths)))
    for rows in batches:
        assert 1 <= len(rows) <= BATCH_TEXTS
        assert len(rows) * max(lengths[row] for row in rows) <= BATCH_TOKENS


def test_a_text_longer_than_a_batch_is_a_batch() -> None:
    assert list(_batches([BATCH_TOKENS + 1, 5, BATCH_TOKENS + 2])) == [[2], [0], [1]]


def test_bf16_is_tried_only_where_the_cpu_has_it() -> None:
    capabilities = import_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")

    assert precisions() == (("bf16", "f32") if "BF16" in capabilities else ("f32",))


def test_importing_it_reports_to_nobody(run: Callable[..., str]) -> None:
    found = run(
        """
import sys
from infra.embedders.openvino import import_openvino
assert import_openvino() is import_openvino()
print(sys.modules["openvino.tools.ovc"].telemetry.__class__.__module__, "openvino_telemetry" in sys.modules)
"""
    )

    assert found == "openvino.tools.ovc.telemetry_stub False"


def test_without_it_the_import_error_is_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)

    with pytest.raises(ImportError):
        import_openvino()
    assert "openvino_telemetry" not in sys.modules

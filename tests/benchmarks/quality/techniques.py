"""Techniques: what each one gains alone and with the others, over both legs and their sum."""

from __future__ import annotations

from typing import Any

ASKED: dict[str, Any] = {"min_score": 0.0}
"""Every question has an answer here: none is turned away; how many would be is a measure of its own."""
OFF: dict[str, Any] = {
    **ASKED,
    "vector_weight": 0.5,
    "margin_weight": 0.0,
    "center_weight": 0.0,
    "name_weight": 0.0,
    "coverage_weight": 0.0,
    "maxsim_weight": 0.0,
    "cluster_weight": 0.0,
    "support_weight": 0.0,
    "neighbors": 0,
}

VIEWS: dict[str, dict[str, Any]] = {
    "keyword": {**OFF, "vector_weight": 0.0},
    "vector": {**OFF, "vector_weight": 1.0},
    "fused": OFF,
    "fused, depth 10": {**OFF, "depth": 10},
    "fused + margin": {**OFF, "margin_weight": 0.3},
    "fused + center": {**OFF, "center_weight": 0.2},
    "fused + names": {**OFF, "name_weight": 0.25},
    "fused + coverage": {**OFF, "coverage_weight": 0.2},
    "fused + maxsim": {**OFF, "maxsim_weight": 0.3},
    "fused + cluster": {**OFF, "cluster_weight": 0.2},
    "fused + support": {**OFF, "support_weight": 0.04},
    "fused + neighbors": {**OFF, "neighbors": 1},
    "default": ASKED,
}
"""Context views over the default index, by what the table calls them."""

GOALS: dict[str, dict[str, float]] = {
    "lihua_world": {"ndcg@10": 0.84},
    "anthropic_docs": {"recall@3": 0.77, "mrr@10": 0.89},
    "cranfield": {"ndcg@10": 0.45},
    "squad_dev": {"recall@500t": 0.955},
    "chunking_evaluation": {"recall@500t": 0.85, "recall@1000t": 0.92, "iou@5": 0.11},
    "financebench_dev": {"doc@5": 0.95, "page@10": 0.62, "evidence@4000t": 0.55},
}


def view_name(label: str) -> str:
    """Return a technique's name as a project file may have it."""
    return "-".join("".join(c if c.isalnum() else " " for c in label).split())

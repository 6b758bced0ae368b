"""Evaluation: what a ranking and a context are worth, for questions whose answers are known."""

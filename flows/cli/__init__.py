"""The command line: one verb per flow. `headwater --help` stays fast: verbs import their work lazily."""

from flows.cli.app import main

__all__ = ["main"]

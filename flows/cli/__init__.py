"""The command line: one verb per flow. `headwater --help` stays fast: verbs import their work lazily."""


def main() -> None:
    """Run the `headwater` program."""
    from flows.cli.app import main as run

    run()

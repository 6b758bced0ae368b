"""How good retrieval and packing are, on public question sets: `python -m tests.benchmarks.quality`."""

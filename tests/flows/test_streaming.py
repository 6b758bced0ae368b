"""A feature is streamed: memory does not grow with the table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import yaml

ROOT = Path(__file__).parents[2]
ROWS, BYTES_A_ROW = 200_000, 4_000
FILL = """
insert into {name} select n, timestamptz '2026-01-01Z' + n * interval '1 second',
    repeat(md5(n::text), %s) from generate_series(1, %s) n
"""


@pytest.mark.gate
def test_a_table_of_760_mb_is_ingested_in_little_more_than_half_of_that(
    database: str, tmp_path: Path
) -> None:
    features = {}
    with psycopg.connect(database) as connection:
        for name, rows in (("small", 10), ("large", ROWS)):
            connection.execute(f"create table {name} (id int, at timestamptz, note text)")
            connection.execute(FILL.format(name=name).encode(), (BYTES_A_ROW // 32, rows))
            query = f"select * from {name}"  # noqa: S608 - a name of ours
            how = {"entity": "id", "time": "at", "cursor": "at", "acl": ["everyone"]}
            features[name] = how | {"url": database, "query": query}
    path = tmp_path / "headwater.yaml"
    path.write_text(yaml.safe_dump({"project": "trial", "store": {"uri": "store"}, "features": features}))

    command = [sys.executable, "-m", "tests.flows.streamed", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    told = json.loads(done.stdout)
    assert told["rows"] == ROWS
    assert told["added_mb"] < 0.6 * ROWS * BYTES_A_ROW / 1024**2

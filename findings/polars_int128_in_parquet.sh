#!/usr/bin/env bash
# polars 2.1.0 writes Parquet, pyarrow 26.0.1 and DuckDB 2.0.1 read it.
#
# A frame of interactions has one column of Int128, as sums and hashes of polars may be, which nobody asks for. One would
# expect the other columns to be readable, and the file to be called what it is. pyarrow cannot even open the file:
# ParquetFile raises ArrowNotImplementedError before a column is chosen, with columns=[...] as well. DuckDB opens it, and
# gives the numbers as BLOBs of 16 bytes without a word, so that a sum or a join on them is refused or wrong.
#
# Output seen:
#   pyarrow, two other columns: ArrowNotImplementedError: Integers with more than 64 bits not implemented
#   duckdb, the column: BLOB
#   duckdb, two other columns: [(1, 7), (2, 8)]
# Exits 1 once that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.1

cat > "$folder/look.py" <<'PYTHON'
import sys

import duckdb
import polars
import pyarrow
from pyarrow import parquet

file = f"{sys.argv[1]}/interactions.parquet"
frame = polars.DataFrame({"user": [1, 2], "item": [7, 8], "hash": [3, 4]})
frame.with_columns(polars.col("hash").cast(polars.Int128)).write_parquet(file)
try:
    parquet.read_table(file, columns=["user", "item"])
    opened = "read"
except pyarrow.ArrowNotImplementedError as error:
    opened = f"ArrowNotImplementedError: {error}"
relation = duckdb.read_parquet(file)
kind = str(relation.types[relation.columns.index("hash")])
others = relation.project("user, item").fetchall()
print(f"pyarrow, two other columns: {opened}")
print(f"duckdb, the column: {kind}")
print(f"duckdb, two other columns: {others}")
same = opened.startswith("ArrowNotImplementedError") and kind == "BLOB" and others == [(1, 7), (2, 8)]
sys.exit(0 if same else 1)
PYTHON
"$folder/venv/bin/python" "$folder/look.py" "$folder"

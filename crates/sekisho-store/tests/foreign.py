"""Compares segments, as pyarrow and DuckDB read them, with what was stored.

    foreign.py FOLDER EXPECTED.json docs/store.md

Run from the folder that holds CASE. The last line of output counts what was
compared.
"""

import json
import pathlib
import re
import sys

import duckdb
import pyarrow.parquet as pq

OWN = ["_time", "_host", "_product", "_channel", "_event_id", "_record_id",
       "_source", "_offset", "_ordinal", "_cell", "_index"]


def from_rest(value):
    """The kinds and texts that a value in `_rest` stands for."""
    if isinstance(value, list):
        return [pair for one in value for pair in from_rest(one)]
    if isinstance(value, Number):
        return [["number", value.text]]
    if isinstance(value, bool):
        return [["bool", "true" if value else "false"]]
    if value is None:
        return [["null", ""]]
    if isinstance(value, dict):
        return [[kind, text] for kind, text in value.items()]
    return [["string", value]]


class Number:
    """A number as it was written."""

    def __init__(self, text):
        self.text = text


def event_of(row, kinds):
    """A row in the form of the expected events."""
    event = {name: row[name] for name in OWN}
    fields = {name: [[kinds.get(name, "string"), text]]
              for name, text in row.items() if not is_own(name) and text is not None}
    if row["_rest"] is not None:
        rest = json.loads(row["_rest"], parse_int=Number, parse_float=Number)
        for name, value in rest.items():
            assert name not in fields, name
            fields[name] = from_rest(value)
    event["fields"] = fields
    return event


def is_own(name):
    return name in OWN or name == "_rest"


def place(event):
    return (event["_source"], event["_offset"], event["_ordinal"], event["_index"])


def same(found, expected, who):
    found = sorted(found, key=place)
    assert len(found) == len(expected), f"{who}: {len(found)} rows, not {len(expected)}"
    for one, other in zip(found, expected):
        assert one == other, f"{who}:\n{one}\n{other}"


def plain(table):
    """Rows with times as integers."""
    columns = {}
    for name in table.column_names:
        column = table.column(name)
        if name == "_time":
            column = column.cast("int64")
        columns[name] = column.to_pylist()
    return [dict(zip(columns, row)) for row in zip(*columns.values())]


def check_statistics(file, rows):
    """Statistics bound the values, and are the values where they say so."""
    checked = 0
    at = 0
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        part = rows[at:at + group.num_rows]
        at += group.num_rows
        for place in range(group.num_columns):
            column = group.column(place)
            name = column.path_in_schema
            values = [row[name] for row in part if row[name] is not None]
            statistics = column.statistics
            assert statistics is not None, name
            assert statistics.null_count == len(part) - len(values), name
            if name == "_time" or not statistics.has_min_max:
                assert name == "_time" or not values or max(map(str, values)) > "\U00010000", name
                continue
            assert statistics.min <= min(values), name
            assert statistics.max >= max(values), name
            if all(len(str(value).encode()) <= 64 for value in values):
                assert (statistics.min, statistics.max) == (min(values), max(values)), name
            checked += 1
    return checked


def check_pyarrow(paths, expected):
    found, checked = [], 0
    for path in paths:
        file = pq.ParquetFile(path)
        metadata = {key.decode(): value.decode() for key, value in file.metadata.metadata.items()}
        assert metadata["sekisho.version"] == "1"
        rows = plain(file.read())
        assert len(rows) == file.metadata.num_rows
        checked += check_statistics(file, rows)
        kinds = json.loads(metadata["sekisho.kinds"])
        found += [event_of(row, kinds) for row in rows]
    same(found, expected, "pyarrow")
    return checked


def check_duckdb(folder, paths, expected):
    connection = duckdb.connect()
    every = f"read_parquet('{folder}/*.parquet', union_by_name = true)"
    count = connection.execute(f"SELECT count(*) FROM {every}").fetchone()[0]
    assert count == len(expected), count
    found = []
    for path in paths:
        kinds = pq.ParquetFile(path).metadata.metadata[b"sekisho.kinds"].decode()
        query = f"SELECT * REPLACE (epoch_ns(_time) AS _time) FROM read_parquet('{path}')"
        answer = connection.execute(query)
        names = [column[0] for column in answer.description]
        rows = [dict(zip(names, row)) for row in answer.fetchall()]
        found += [event_of(row, json.loads(kinds)) for row in rows]
    same(found, expected, "DuckDB")
    # All files at once give the same values, and statistics hide no row.
    for name in ["Image", "DestinationIp", "_host", "Empty"]:
        counted = connection.execute(
            f'SELECT "{name}", count(*) FROM {every} WHERE "{name}" IS NOT NULL GROUP BY 1').fetchall()
        own = [event[name] for event in found if name in OWN and event[name] is not None]
        texts = own or [event["fields"][name][0][1] for event in found
                        if len(event["fields"].get(name, [])) == 1]
        assert dict(counted) == {text: texts.count(text) for text in texts}, name
        for text in set(texts):
            hits = connection.execute(f'SELECT count(*) FROM {every} WHERE "{name}" = ?', [text])
            assert hits.fetchone()[0] == texts.count(text), (name, text)
    return connection


def run_documentation(document):
    """Runs every block of SQL, in order, in one connection."""
    blocks = re.findall(r"```sql\n(.*?)```", document.read_text(encoding="utf-8"), re.S)
    connection = duckdb.connect()
    for block in blocks:
        for statement in filter(str.strip, block.split(";")):
            rows = connection.execute(statement).fetchall()
            asked = statement.lstrip().upper().startswith(("SELECT", "WITH"))
            assert rows or not asked, f"no row answers:\n{statement}"
    return len(blocks)


def main():
    folder, expected, document = map(pathlib.Path, sys.argv[1:])
    paths = sorted(folder.glob("*.parquet"))
    events = sorted(json.loads(expected.read_text(encoding="utf-8")), key=place)
    statistics = check_pyarrow(paths, events)
    check_duckdb(folder, paths, events)
    queries = run_documentation(document)
    print(json.dumps({"rows": len(events), "segments": len(paths),
                      "statistics": statistics, "queries": queries}))


main()

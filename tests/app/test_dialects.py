"""The same rows as other tools write them, each with the csv keys that fit, train to the same model.

Where a tool is installed (pandas, polars, pyarrow, duckdb, sqlite3), it writes the file itself; the dialects of the others
are written as documented. The rows are 5,000 of Census-Income where that is found (see test_real_data.py), else made up.
"""

import csv
import gzip
import importlib.util
import io
import itertools
import json
import os
import pathlib
import random
import shutil
import subprocess
import unittest

from harness import CommandLineTest, read_tensors

ROOT = pathlib.Path(__file__).parents[2]
DATA = pathlib.Path(os.environ.get("DCRNN_DATA", ROOT.parent / "shared" / "data"))
ROWS = 5000
SHORT = ["--quiet", "--set", "train.epochs=1", "--set", "train.batch=512", "--set", "cross.layers=1", "--set",
         'sharing=[{"shared": 8, "private": 4}]', "--set", "tower=[4]"]


def has(module):
    return importlib.util.find_spec(module) is not None


def made_up():
    """(header, rows, config): cells that a dialect can get wrong."""
    draw = random.Random(3)
    words = ["NA", "null", "x, y", 'say "hi"', "it's", "C:\\dir\\", "a;b|c\td", "ärger", "-", "NaN", "1.0", "true", "two words"]
    rows = []
    for _ in range(ROWS):
        click = draw.randrange(2)
        rows.append([draw.choice(words), str(draw.randrange(18, 80)), draw.choice(["", "0.25", "-1e-3", "17"]), str(click),
                     draw.choice(["", "1" if click and draw.random() < 0.5 else "0"])])
    config = {"fields": [{"name": "word", "type": "category", "dim": 4}, {"name": "age", "type": "number", "transform": "buckets"},
                         {"name": "price", "type": "number"}],
              "tasks": [{"name": "click"}, {"name": "buy", "after": "click"}]}
    return ["word", "age", "price", "click", "buy"], rows, config


def census():
    with gzip.open(DATA / "census" / "train.csv.gz", "rt", encoding="utf-8", newline="") as file:
        table = list(itertools.islice(csv.reader(file), ROWS + 1))
    header, rows = table[0], table[1:]
    draw = random.Random(5)
    for row in rows:  # some gaps, of a number and of a label
        for column in ("age", "never_married"):
            if draw.random() < 0.1:
                row[header.index(column)] = ""
    return header, rows, json.loads((DATA / "census" / "income.json").read_text())


def written(header, rows, end="\n", **options):
    file = io.StringIO()
    writer = csv.writer(file, lineterminator=end, **options)
    if header:
        writer.writerow(header)
    writer.writerows(rows)
    return file.getvalue()


def is_number(text):
    return text.replace(".", "", 1).replace("-", "").replace("e", "").isdigit()


class Dialects(CommandLineTest):
    def check(self, header, rows, config, plain):
        for name, keys, fields, text in self.dialects(header, rows, config):
            with self.subTest(name):
                changed = json.loads(json.dumps(config))
                if keys:
                    changed["csv"] = keys
                for field in changed["fields"]:
                    field.update(fields(field) or {})
                data = self.write("data.txt", text)
                done = self.succeed("train", self.write("c.json", json.dumps(changed)), "--train", data, "--out",
                                    self.dir / "other", *SHORT)
                self.assertEqual(done.stderr, b"")
                if not keys:
                    self.assertEqual((self.dir / "other").read_bytes(), plain.read_bytes())
                want, found = read_tensors(plain), read_tensors(self.dir / "other")
                self.assertEqual(found[1], want[1])
                effective = json.loads(found[0]["dcrnn"])
                self.assertEqual(effective.pop("csv", {}), keys)
                for field in effective["fields"]:
                    field.pop("missing", None)
                usual = json.loads(want[0]["dcrnn"])
                if keys:  # the sum is over the config as well
                    self.assertNotEqual(effective.pop("checksum"), usual.pop("checksum"))
                self.assertEqual(effective, usual)
                self.check_predictions(plain, data)

    def check_predictions(self, plain, data):
        out = [self.succeed("predict", model, "--data", path, "--out", "-").stdout
               for model, path in ((plain, self.dir / "plain.csv"), (self.dir / "other", data))]
        self.assertEqual(*out)

    def train_plain(self, header, rows, config):
        data = self.write("plain.csv", written(header, rows))
        model = self.dir / "plain"
        self.succeed("train", self.write("plain.json", json.dumps(config)), "--train", data, "--out", model, *SHORT)
        return model

    @staticmethod
    def dialects(header, rows, config):
        """(name, csv keys, keys of a field, text)"""
        labels = [task.get("label", task["name"]) for task in config["tasks"]]
        numbers = {field.get("column", field["name"]) for field in config["fields"] if field["type"] == "number"} | set(labels)

        def with_missing(word):
            return [[word if cell == "" and name in numbers else cell for name, cell in zip(header, row)] for row in rows]

        def with_labels(true, false):
            words = {"1": true, "0": false, "": ""}
            return [[words[cell] if name in labels else cell for name, cell in zip(header, row)] for row in rows]

        def r_rows(quote):
            for row in [header, *with_missing("NA")]:
                yield [cell if name in numbers and row is not header else '"' + cell.replace('"', quote) + '"'
                       for name, cell in zip(header, row)]

        def keep_words(field):
            return {"missing": []} if field["type"] == "category" else None

        def nothing(_):
            return None

        def escaped(cell):
            return "".join("\\" + c if c in "\\\t\n" else c for c in cell)

        yield "spreadsheet", {"separator": ";"}, nothing, "\ufeff" + written(header, rows, "\r\n", delimiter=";")
        yield "all quoted, CR LF", {}, nothing, "\ufeff" + written(header, rows, "\r\n", quoting=csv.QUOTE_ALL)
        yield "labels as floats", {}, nothing, written(header, with_labels("1.0", "0.0"))
        yield "tabs", {"separator": "\t"}, nothing, written(header, rows, delimiter="\t")
        yield "single quotes", {"quote": "'"}, nothing, written(header, rows, quotechar="'")
        yield "Python, escapes", {"escape": "\\"}, nothing, written(header, rows, doublequote=False, escapechar="\\")
        yield ("R write.csv", {"missing": ["NA"]}, keep_words, "".join(",".join(row) + "\n" for row in r_rows('""')))
        yield ("Spark", {"escape": "\\", "true": ["true"], "false": ["false"]}, nothing,
               written(header, with_labels("true", "false"), quoting=csv.QUOTE_ALL, doublequote=False, escapechar="\\"))
        yield ("MySQL, Hive", {"separator": "\t", "quote": "", "escape": "\\", "header": header, "missing": ["\\N"]}, keep_words,
               "".join("\t".join(cell if cell == "\\N" else escaped(cell) for cell in row) + "\n" for row in with_missing("\\N")))
        yield ("SQL words", {"separator": "|", "missing": ["NULL"], "true": ["yes", "y"], "false": ["no"]}, keep_words,
               written(header, [[{"1": "yes", "0": "no"}.get(cell, "NULL") if name in labels else cell or "NULL"
                                 if name in numbers else cell for name, cell in zip(header, row)] for row in rows], delimiter="|"))
        yield from Dialects.tools(header, rows, numbers, keep_words, nothing)

    @staticmethod
    def tools(header, rows, numbers, keep_words, nothing):
        plain = written(header, rows)
        if has("pandas"):
            import pandas
            words = {name: str for name in header if name not in numbers}
            frame = pandas.read_csv(io.StringIO(plain), dtype=words, keep_default_na=False, na_values={n: [""] for n in numbers})
            yield "pandas", {}, nothing, frame.to_csv(index=False)
            yield ("pandas, NA", {"separator": "\t", "missing": ["NA"]}, keep_words,
                   frame.to_csv(index=False, sep="\t", na_rep="NA"))
        if has("polars"):
            import polars
            frame = polars.DataFrame({name: [row[i] for row in rows] for i, name in enumerate(header)})
            frame = frame.with_columns(polars.when(polars.col(n) == "").then(None).otherwise(polars.col(n)).alias(n)
                                       for n in sorted(numbers))
            yield "polars", {"separator": ";", "missing": ["NULL"]}, keep_words, frame.write_csv(separator=";", null_value="NULL")
        if has("pyarrow"):
            import pyarrow
            import pyarrow.csv
            table = pyarrow.table({name: [row[i] if row[i] or name not in numbers else None for row in rows]
                                   for i, name in enumerate(header)})
            sink = pyarrow.BufferOutputStream()
            pyarrow.csv.write_csv(table, sink, pyarrow.csv.WriteOptions(delimiter="|"))
            yield "Arrow", {"separator": "|"}, nothing, sink.getvalue().to_pybytes()
        if has("duckdb"):
            yield ("DuckDB", {"separator": "|", "missing": ["NULL"]}, keep_words, duckdb_copy(header, rows, numbers))
        if shutil.which("sqlite3"):
            yield "SQLite", {}, nothing, sqlite_csv(plain)

    def test_rows_made_up(self):
        header, rows, config = made_up()
        self.check(header, rows, config, self.train_plain(header, rows, config))

    @unittest.skipUnless(DATA.is_dir(), f"SKIPPED: no real data in {DATA}; set DCRNN_DATA to its folder")
    def test_census(self):
        header, rows, config = census()
        self.check(header, rows, config, self.train_plain(header, rows, config))

    def test_criteo(self):
        """The layout of the Criteo logs: tabs, no header, label, 13 whole numbers, 26 hashes; any but the label may be empty."""
        draw = random.Random(9)
        names = ["label", *(f"I{i}" for i in range(1, 14)), *(f"C{i}" for i in range(1, 27))]
        lines = []
        for _ in range(3000):
            numbers = ["" if draw.random() < 0.2 else str(draw.randrange(-2, 1000)) for _ in range(13)]
            words = ["" if draw.random() < 0.1 else f"{draw.randrange(40):08x}" for _ in range(26)]
            lines.append("\t".join([str(draw.randrange(2)), *numbers, *words]))
        fields = [{"name": n, "type": "number", "transform": "buckets", "dim": 2} for n in names[1:14]]
        fields += [{"name": n, "type": "category", "encoding": "hash", "size": 1000, "dim": 2} for n in names[14:]]
        config = {"fields": fields, "tasks": [{"name": "click", "label": "label"}], "csv": {"separator": "\t", "header": names}}
        path, data = self.write("criteo.json", json.dumps(config)), self.write("criteo.tsv", "\n".join(lines) + "\n")
        self.succeed("train", path, "--train", data, "--out", self.dir / "criteo", *SHORT)
        report = json.loads(self.succeed("eval", self.dir / "criteo", "--data", data, "--json").stdout)
        self.assertEqual(report["rows"], 3000)
        self.assertEqual(report["tasks"]["click"]["positives"], sum(line[0] == "1" for line in lines))


def duckdb_copy(header, rows, numbers):
    import tempfile

    import duckdb
    with tempfile.TemporaryDirectory() as directory:
        source, target = pathlib.Path(directory) / "in.csv", pathlib.Path(directory) / "out.csv"
        source.write_text(written(header, rows, quoting=csv.QUOTE_ALL), encoding="utf-8")
        columns = ", ".join(f"nullif(\"{n}\", '') AS \"{n}\"" if n in numbers else f'"{n}"' for n in header)
        duckdb.sql(f"COPY (SELECT {columns} FROM read_csv('{source}', all_varchar=true, header=true, nullstr='no such word', "
                   f"parallel=false)) TO '{target}' (HEADER, DELIMITER '|', NULLSTR 'NULL')")
        return target.read_bytes()


def sqlite_csv(plain):
    import tempfile
    with tempfile.TemporaryDirectory() as directory:
        source = pathlib.Path(directory) / "in.csv"
        source.write_text(plain, encoding="utf-8")
        return subprocess.run(["sqlite3", ":memory:"], input=f".import --csv {source} t\n.headers on\n.mode csv\nSELECT * FROM t;\n".encode(),
                              stdout=subprocess.PIPE, check=True).stdout


if __name__ == "__main__":
    unittest.main()

"""The files people really have: named as what they are, several at once, bad rows, columns kept, rows one by one."""

import csv
import gzip
import io
import json
import math
import random
import statistics
import subprocess
import time
import unittest

import harness
from harness import SMALL_HEADER, CommandLineTest, run, small_csv, small_rows

USAGE, DATA, MODEL, IO = 2, 3, 4, 5
EMPTY = ",\n"  # a bad row of two tasks


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


class Files(CommandLineTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        test = cls("write")
        cls.model = cls.dir / "model"
        test.train_small(cls.model)
        cls.rows = small_rows(60, seed=5)
        cls.data = test.write("data.csv", small_csv(cls.rows))
        cls.want = test.predict(cls.data)

    def predict(self, *data, extra=(), **options):
        return self.succeed("predict", self.model, "--data", *data, "--out", "-", *extra, **options).stdout.decode()

    def evaluate(self, *data, **options):
        return self.succeed("eval", self.model, "--data", *data, "--json", **options).stdout

    # What a file is

    def test_a_swapped_argument_is_named(self):
        config = self.dir / "config.json"
        self.check_error(run("predict", self.data, "--data", self.model, "--out", "p"), MODEL,
                         r"data\.csv: not a model but text \(CSV\?\)")
        self.check_error(run("inspect", config), MODEL, r"config\.json: not a model but JSON \(a config\?\)")
        self.check_error(run("eval", self.model, "--data", self.model), DATA, r"model: not CSV text but a safetensors file")
        self.check_error(run("eval", self.model, "--data", config), DATA, r"config\.json: not CSV text but JSON")
        for wrong, name in ((self.data, r"data\.csv: not a config but text"), (self.model, "model: not a config but a safet")):
            done = run("train", wrong, "--train", self.data, "--out", self.dir / "no")
            self.check_error(done, USAGE, name)
            self.check_error(run("gradcheck", wrong), USAGE, name)

    def test_other_formats_are_named(self):
        good = self.data.read_bytes()
        cases = [("utf16.csv", good.decode().encode("utf-16"), "text in UTF-16", "iconv"),
                 ("utf16le.csv", good.decode().encode("utf-16-le"), "text in UTF-16", "iconv"),
                 ("a.parquet", b"PAR1\x15\x04\x15\x00" + good, "a Parquet file", "CSV"),
                 ("a.xlsx", b"PK\x03\x04\x14\x00\x06\x00" + good, "a zip archive", "CSV"),
                 ("a.xz", b"\xfd7zXZ\x00\x00\x04" + good, "xz-compressed data", "xz -dc FILE"),
                 ("a.html", b"<!DOCTYPE html>\n<html><body>404</body></html>\n", "an HTML page", "browser"),
                 ("lfs.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "a pointer of Git LFS",
                  "git lfs pull")]
        for name, content, what, help_text in cases:
            with self.subTest(name):
                path = self.write(name, content)
                for done in (run("eval", self.model, "--data", path), run("predict", self.model, "--data", "-", "--out", "-",
                                                                         stdin=content)):
                    self.check_error(done, DATA, what)
                    self.assertIn(help_text, done.stderr.decode())
                self.check_error(run("inspect", path), MODEL, what)

    # Several files

    def test_parts_are_as_good_as_the_whole(self):
        parts = [self.write("p0.csv", SMALL_HEADER + "\n"), self.write("p1.csv", small_csv(self.rows[:7])),
                 self.write("p2.csv", ""), self.write("p3.csv.gz", gzip.compress(small_csv(self.rows[7:40]).encode()) + b"\0" * 512)]
        last = small_csv(self.rows[40:]).encode()
        self.assertEqual(self.predict(*parts, "-", stdin=last), self.want)
        self.assertEqual(self.evaluate(*parts, "-", stdin=last), self.evaluate(self.data))
        self.assertEqual(self.predict(*parts, self.write("p4.csv", last), extra=["--batch", 3]), self.want)
        models = []
        for name, data in (("whole", [self.data]), ("parts", [*parts, self.dir / "p4.csv"])):
            model = self.dir / name
            self.succeed("train", self.dir / "config.json", "--train", *data, "--valid", *data, "--out", model, "--quiet")
            models.append(model.read_bytes())
        self.assertEqual(*models)

    def test_parts_without_any_row(self):
        header, nothing = self.write("header.csv", SMALL_HEADER + "\n"), self.write("nothing.csv", "")
        for files in ([header], [nothing], [header, nothing], [nothing, header, nothing]):
            done = run("train", self.dir / "config.json", "--train", *files, "--out", self.dir / "no", "--quiet")
            self.check_error(done, DATA, "no row")
        self.check_error(run("eval", self.model, "--data", header, nothing), DATA, "no rows")
        self.check_error(run("eval", self.model, "--data", nothing), DATA, r"nothing\.csv:1: the file is empty")
        self.assertEqual(self.predict(header, nothing), "p_click,p_consume\n")

    def test_a_part_that_is_missing_or_named_twice(self):
        out = self.dir / "never"
        self.check_error(run("predict", self.model, "--data", self.data, self.dir / "none.csv", "--out", out), IO, r"none\.csv: no")
        self.check_error(run("predict", self.model, "--data", "-", "-", "--out", out), USAGE, "standard input")
        self.assertFalse(out.exists())

    # --keep

    def test_keep(self):
        rows = [row[:] for row in self.rows]
        rows[3][1] = '"say ""hi"", you"'
        rows[4][1] = '"two\nlines"'
        header = SMALL_HEADER.replace("kind", '"a,kind"')
        model = self.dir / "kept"
        config = self.write_config("kept.json", lambda c: c["fields"][1].update(column="a,kind"))
        data = self.write("kept.csv", small_csv(rows, header))
        self.succeed("train", config, "--train", data, "--out", model, "--quiet")
        plain = self.succeed("predict", model, "--data", data, "--out", "-").stdout.decode()
        kept = self.succeed("predict", model, "--data", data, "--out", "-", "--keep", "user", "a,kind", "--batch", 7).stdout.decode()
        want = [{"user": row["user"], "a,kind": row["a,kind"], **predicted}
                for row, predicted in zip(rows_of(data.read_text()), rows_of(plain))]
        self.assertEqual(rows_of(kept), want)
        self.assertEqual(list(rows_of(kept)[0]), ["user", "a,kind", "p_click", "p_consume"])

    def test_keep_refused(self):
        for names, code, pattern in ((["usr"], DATA, r'data\.csv:1: column "usr" is missing \(to keep\)'),
                                     (["user", "user"], USAGE, 'two columns "user"'), (["p_click"], USAGE, 'two columns "p_click"')):
            self.check_error(run("predict", self.model, "--data", self.data, "--out", "-", "--keep", *names), code, pattern)

    # --bad-rows

    def with_bad_rows(self, bad):
        """Text of the data with the rows `bad` {number: line} in place, and what predict should say."""
        lines = small_csv(self.rows).splitlines()
        want = self.want.splitlines(keepends=True)
        for number, line in bad.items():
            lines[number + 1] = line
            want[number + 1] = EMPTY
        return "\n".join(lines) + "\n", "".join(want)

    BAD = {0: "1,x,a,nan,1,1,0,0", 7: "1,x,a", 8: "", 20: "99,x,a,20,0.5,1,0,0", 21: '1,"x"y,a,20,1,1,0,0', 33: "1,x,a||b,20,1,1,0,0",
           34: '1,"open,a,20,1,1,0,0', 59: "1,x,a,20,oops,1,0,0"}

    def test_bad_rows_leave_the_lines_where_they_are(self):
        text, want = self.with_bad_rows(self.BAD)
        data = self.write("bad.csv", text)
        for batch in (1, 7, 1024):
            done = self.succeed("predict", self.model, "--data", data, "--out", "-", "--bad-rows", "skip", "--batch", batch)
            self.assertEqual(done.stdout.decode(), want)
            notes = done.stderr.decode().splitlines()
            self.assertEqual(notes[0], "8 bad rows, the first of them:")
            self.assertEqual(len(notes), 9)
            for number, note in zip(self.BAD, notes[1:]):
                self.assertRegex(note, rf"^  .*bad\.csv:{number + 2}: .")
        piped = self.succeed("predict", self.model, "--data", "-", "--out", "-", "--bad-rows", "skip", stdin=text.encode())
        self.assertEqual(piped.stdout.decode(), want)

    def test_bad_rows_have_a_limit(self):
        text, _ = self.with_bad_rows(self.BAD)
        data, out = self.write("bad.csv", text), self.dir / "limited.csv"
        skip = ["--bad-rows", "skip", "--max-bad"]
        self.succeed("predict", self.model, "--data", data, "--out", out, *skip, 8)
        out.unlink()
        done = run("predict", self.model, "--data", data, "--out", out, *skip, 7)
        self.assertEqual(done.returncode, DATA)
        self.assertRegex(done.stderr.decode(), r'error: .*bad\.csv:61: column "price": .*this is bad row 8, 7 may be skipped')
        self.assertFalse(out.exists())
        # A pipe keeps what it was given.
        done = run("predict", self.model, "--data", "-", "--out", "-", *skip, 3, "--batch", 1, stdin=text.encode())
        self.assertEqual(done.returncode, DATA)
        self.assertEqual(done.stdout.count(b"\n"), 1 + 20)
        self.check_error(run("predict", self.model, "--data", data, "--out", out), DATA, r"bad\.csv:2: ")
        self.check_error(run("predict", self.model, "--data", data, "--out", out, "--max-bad", 3), USAGE, "--max-bad")
        self.check_error(run("predict", self.model, "--data", data, "--out", out, "--bad-rows", "drop"), USAGE, "--bad-rows")

    def test_many_bad_rows_list_ten(self):
        text, want = self.with_bad_rows({i: "oops" for i in range(5, 25)})
        done = self.succeed("predict", self.model, "--data", "-", "--out", "-", "--bad-rows", "skip", stdin=text.encode())
        self.assertEqual(done.stdout.decode(), want)
        self.assertEqual(len(done.stderr.decode().splitlines()), 11)
        self.assertIn("20 bad rows", done.stderr.decode())

    def test_a_bad_row_of_one_task_is_no_blank_line(self):
        config = self.write_config("one.json", lambda c: c.update(tasks=[{"name": "click"}]))
        self.succeed("train", config, "--train", self.data, "--out", self.dir / "one", "--quiet")
        text, _ = self.with_bad_rows({2: "oops"})
        done = self.succeed("predict", self.dir / "one", "--data", "-", "--out", "-", "--bad-rows", "skip", stdin=text.encode())
        self.assertEqual(done.stdout.splitlines()[3], b'""')

    def test_bad_rows_with_kept_columns_and_a_prediction_out_of_range(self):
        text, _ = self.with_bad_rows({2: "oops", 4: "1,x,a,20,3e38,1,0,0"})
        done = self.succeed("predict", self.model, "--data", "-", "--out", "-", "--bad-rows", "skip", "--keep", "user", "kind",
                            stdin=text.encode())
        lines = done.stdout.decode().splitlines()
        self.assertEqual(lines[3], ",,,")
        self.assertEqual(len(lines), 61)
        self.assertIn("standard input:4: found 1 cell", done.stderr.decode())

    # Row by row

    def co_process(self, count, *extra):
        """Sends rows one by one and waits for each answer; the seconds each took."""
        lines = [",".join(row) + "\n" for row in self.rows]
        seconds = []
        with self.started("predict", self.model, "--data", "-", "--out", "-", "--batch", 1, "--threads", 1, *extra,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            process.stdin.write((SMALL_HEADER + "\n").encode())
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), b"p_click,p_consume\n")
            want = self.want.splitlines(keepends=True)[1:]
            for i in range(count):
                start = time.perf_counter()
                process.stdin.write(lines[i % len(lines)].encode())
                process.stdin.flush()
                answer = process.stdout.readline().decode()
                seconds.append(time.perf_counter() - start)
                self.assertEqual(answer, want[i % len(want)])
            self.assertEqual(process.communicate(timeout=harness.TIMEOUT)[0], b"")
            self.assertEqual(process.returncode, 0)
        return seconds

    def test_a_co_process_answers_each_row(self):
        count = int(harness.os.environ.get("DCRNN_CO_PROCESS_ROWS", "2000"))
        seconds = self.co_process(count)
        print(f"co-process: {count} rows, median {statistics.median(seconds) * 1e6:.0f} us", flush=True)
        self.co_process(100, "--bad-rows", "skip")

    def test_a_co_process_may_send_bytes_one_by_one(self):
        with self.started("predict", self.model, "--data", "-", "--out", "-", "--batch", 1, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
            want = self.want.splitlines(keepends=True)
            for i, line in enumerate(small_csv(self.rows[:3]).splitlines()):
                for byte in (line + "\r\n").encode():
                    process.stdin.write(bytes([byte]))
                    process.stdin.flush()
                self.assertEqual(process.stdout.readline().decode(), want[i])

    # Ranking within groups

    def test_ranking_against_a_plain_script(self):
        draw = random.Random(4)
        groups = [str(draw.randrange(9)) for _ in range(50)] + ["", "NA", *["g"] * 8]
        rows = [[*row, group] for row, group in zip(self.rows, groups)]
        for row in rows:
            row[5] = str(draw.choice([0, 0.5, 1, 3]))
            row[7] = draw.choice(["", row[7]])
        config = self.write_config("grouped.json", lambda c: c.update(group="session", csv={"missing": ["NA"]}))
        data = self.write("grouped.csv", small_csv(rows, SMALL_HEADER + ",session"))
        model = self.dir / "grouped"
        self.succeed("train", config, "--train", data, "--out", model, "--quiet")
        report = json.loads(self.succeed("eval", model, "--data", data, "--json", "--at", "1,3", "--batch", 7).stdout)
        predicted = rows_of(self.succeed("predict", model, "--data", data, "--out", "-").stdout.decode())
        self.assertEqual(report["rows_without_group"], 2)
        for t, task in enumerate(("click", "consume")):
            by_group = {}
            for row, prediction, group in zip(rows, predicted, groups):
                if group not in ("", "NA") and row[6 + t] != "" and float(row[5]) > 0:
                    by_group.setdefault(group, []).append((float(prediction[f"p_{task}"]), int(row[6 + t]), float(row[5])))
            got = report["tasks"][task]
            self.assertAlmostEqual(got["gauc"], gauc(by_group.values()), delta=1e-12)
            both = sum(1 for group in by_group.values() if len({y for _, y, _ in group}) == 2)
            some = sum(1 for group in by_group.values() if any(y for _, y, _ in group))
            self.assertEqual((got["gauc_groups"], got["gauc_left_out"]), (both, len(by_group) - both))
            self.assertEqual((got["ndcg_groups"], got["ndcg_left_out"]), (some, len(by_group) - some))
            for k in (1, 3):
                self.assertAlmostEqual(got[f"ndcg@{k}"], ndcg(by_group.values(), k), delta=1e-12)
        table = self.succeed("eval", model, "--data", data).stdout.decode()
        self.assertRegex(table, r"within groups; 2 rows without a group\ntask +GAUC +groups +left out +nDCG@5 +nDCG@10 ")
        without = self.write("ungrouped.csv", small_csv(self.rows))
        self.check_error(run("eval", model, "--data", without), DATA, r'column "session" is missing \(group\)')
        self.succeed("predict", model, "--data", without, "--out", "-")
        self.check_error(run("eval", self.model, "--data", self.data, "--at", "5"), USAGE, "group")
        self.check_error(run("eval", model, "--data", data, "--at", "5,x"), USAGE, '--at: found "x"')


def gauc(groups):
    total = weights = 0.0
    for group in groups:
        pairs = [(wp * wn, (p > n) + 0.5 * (p == n)) for p, y, wp in group if y for n, z, wn in group if not z]
        if pairs:
            weight = math.fsum(w for _, _, w in group)
            total += weight * math.fsum(w * right for w, right in pairs) / math.fsum(w for w, _ in pairs)
            weights += weight
    return total / weights


def ndcg(groups, k):
    total = weights = 0.0
    for group in groups:
        positives = sum(y for _, y, _ in group)
        if not positives:
            continue
        discount = [1 / math.log2(i + 2) if i < k else 0.0 for i in range(len(group))]
        gained = 0.0
        for score, y, _ in group:
            above = sum(1 for s, _, _ in group if s > score)
            tied = sum(1 for s, _, _ in group if s == score)
            gained += y * math.fsum(discount[above:above + tied]) / tied
        weight = math.fsum(w for _, _, w in group) / len(group)
        total += weight * gained / math.fsum(discount[:positives])
        weights += weight
    return total / weights


if __name__ == "__main__":
    unittest.main()

"""dcrnn check: every trouble of the data is found before training, none is where there is none, and figures are true."""

import json
import os
import random
import subprocess
import sys
import unittest

from harness import PROGRAM, CommandLineTest, run
from test_silence import CONFIG, COLUMNS, csv, rows, with_column

OK, FOUND, USAGE, DATA, IO = 0, 1, 2, 3, 5


def number(name, transform="standardize", column="extra"):
    return {"name": name, "column": column, "type": "number", "transform": transform, "dim": 2} \
        if transform == "buckets" else {"name": name, "column": column, "type": "number", "transform": transform}


class Check(CommandLineTest):
    def check(self, made, *extra, change=None, valid=None, columns=tuple(COLUMNS), valid_columns=None):
        config = json.loads(json.dumps(CONFIG))
        if change:
            change(config)
        files = ["check", self.write("c.json", json.dumps(config)), "--train",
                 self.write("t.csv", csv(made, columns))]
        if valid is not None:
            files += ["--valid", self.write("v.csv", csv(valid, valid_columns or columns))]
        before = sorted(os.listdir(self.dir))
        done = run(*files, "--threads", "1", "--scratch", self.dir, *extra)
        self.assertEqual(sorted(os.listdir(self.dir)), before)  # nothing is written, nothing stays
        return done

    def report(self, made, **options):
        done = self.check(made, "--json", **options)
        self.assertEqual(done.stderr, b"")
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, FOUND if report["warnings"] else OK)
        return report

    def with_field(self, made, field, value, **options):
        """The report on data with one column more, read by one field more."""
        options.setdefault("change", lambda config: config["fields"].append(field))
        return self.report(with_column(made, "extra", value), columns=(*COLUMNS, "extra"), **options)

    def test_data_in_order(self):
        report = self.report(rows(1500, 1), valid=rows(400, 2))
        self.assertEqual((report["warnings"], report["notes"]), ([], []))
        self.assertEqual((report["rows"], report["valid_rows"]), (1500, 400))
        page = self.check(rows(1500, 1), valid=rows(400, 2))
        self.assertEqual((page.returncode, page.stderr), (OK, b""))
        text = page.stdout.decode()
        self.assertLess(text.count("\n"), 30)
        for part in ["1,500 training rows, 400 validation rows", "movie", "words", "parameters", "of memory",
                     "an epoch", "went into reading the data"]:
            self.assertIn(part, text)

    def test_figures_against_plain_counts(self):
        draw = random.Random(4)
        made = with_column(rows(900, 1), "movie", lambda row: row["movie"] if draw.random() < 0.8 else "")
        made = with_column(made, "age", lambda row: row["age"] if draw.random() < 0.9 else "")
        made[0]["movie"] = made[1]["movie"] = "rare"
        made[2]["movie"] = "single"
        valid = with_column(rows(300, 2), "movie", lambda row: "never" if draw.random() < 0.05 else row["movie"])
        report = self.report(made, valid=valid,
                             change=lambda config: config["fields"][0].update(min_count=3))
        cells = [row["movie"] for row in made]
        values = [cell for cell in cells if cell]
        movie = report["fields"]["movie"]
        self.assertEqual(movie["cells"], 900)
        self.assertAlmostEqual(movie["missing"], cells.count("") / 900)
        self.assertEqual(movie["distinct"], len(set(values)))
        self.assertAlmostEqual(movie["rare"], 3 / len(values))
        self.assertAlmostEqual(movie["valid_unknown"], sum(row["movie"] == "never" for row in valid) / 300)
        age = report["fields"]["age"]
        self.assertAlmostEqual(age["missing"], sum(row["age"] == "" for row in made) / 900)
        self.assertEqual(report["fields"]["price"]["distinct"], 5)
        self.assertIsNone(age["rare"])
        for task in ("click", "buy"):
            for prefix, data in (("", made), ("valid_", valid)):
                ones = sum(row[task] for row in data)
                self.assertEqual(report["tasks"][task][prefix + "labelled"], len(data))
                self.assertEqual(report["tasks"][task][prefix + "positives"], ones)
                self.assertAlmostEqual(report["tasks"][task][prefix + "rate"], ones / len(data))

    def test_what_training_would_tell(self):
        made, weighted = rows(400, 1), lambda config: config.update(weight="w")
        raw = lambda config: config["fields"].append(number("cents", "none", "w"))
        truth = lambda config: config["fields"].append(number("leak", column="true_click"))
        valid = rows(200, 2)
        cases = [
            (with_column(made, "buy", ""), {}, 'task "buy": no training row has a label'),
            (with_column(made, "click", 1), {}, 'task "click": every label of the training rows is 1'),
            (with_column(made, "w", lambda row: 0 if row["buy"] else 2), {"change": weighted},
             'task "buy": every label of the training rows is 0'),
            (with_column(made, "buy", lambda row: 1 - row["click"]), {}, "its label is 1 but that of \"click\" is 0"),
            (with_column(made, "w", lambda row: 1700000000 + row["age"]), {"change": raw}, 'field "cents": its numbers'),
            (made, {"valid": with_column(valid, "movie", lambda row: row["movie"] + ".0")},
             'field "movie": 100% of the values are unknown.*validation'),
            (made, {"valid": with_column(valid, "shop", lambda row: row["shop"] + " ")},
             'field "shop": .*unknown.*validation'),
            (made, {"valid": with_column(valid, "age", "")}, 'field "age": 100% of the cells are empty.*validation'),
            (made, {"valid": with_column(valid, "buy", "")}, 'task "buy": no validation row .*label'),
            (made, {"valid": with_column(valid, "click", 0)}, 'task "click": every label of the validation rows is 0'),
            (made, {"change": lambda config: config["train"].update(early_stopping={"patience": 1})}, "patience"),
            (with_column(made, "age", ""), {}, 'field "age": every cell .* is empty'),
            (with_column(made, "words", ""), {}, 'field "words": every cell .* is empty'),
            (made, {"change": lambda config: config["fields"][0].update(min_count=400)}, 'field "movie": no value occurs'),
            (with_column(made, "true_click", 0.5), {"change": truth, "columns": (*COLUMNS, "true_click")},
             'true probability of task "click"'),
        ]
        for data, options, pattern in cases:
            with self.subTest(pattern):
                report = self.report(data, **options)
                self.assertRegex("\n".join(report["warnings"]), "warning: .*" + pattern)

    def test_what_training_refuses_keeps_its_code(self):
        made = rows(100, 1)
        answer = lambda config: config["fields"].append(number("answer", column="click"))
        for data, options, code, pattern in [
                (made, {"change": answer}, USAGE, '"click" is the label of task "click"'),
                (with_column(with_column(made, "click", ""), "buy", ""), {}, DATA, "no row has a label"),
                (with_column(made, "w", 0), {"change": lambda config: config.update(weight="w")}, DATA, "weight of every row"),
                (with_column(made, "age", "NA"), {}, DATA, '"NA" is not a number'),
                (made, {"valid": with_column(made, "age", "?")}, DATA, r'v\.csv:2: column "age"'),
                ([], {}, DATA, "no row"),
                (made, {"change": lambda config: config["train"].update(epoch=1)}, USAGE, "epoch")]:
            with self.subTest(pattern):
                self.check_error(self.check(data, **options), code, pattern)
        config = self.write("c.json", json.dumps(CONFIG))
        lines = csv(made).replace(",", ";")
        self.check_error(run("check", config, "--train", self.write("semi.csv", lines)), DATA, 'separated by ";"')
        self.check_error(run("check", config, "--train", self.dir / "none.csv"), IO, "none.csv")
        self.check_error(run("check", config, "--train", "-"), USAGE, "standard input")
        self.check_error(run("check", config, "--train", self.dir / "t.csv", "--scratch", self.dir / "none"), IO, "none")
        self.check_error(self.check(made, "--set", "train.epoch=3"), USAGE, "epoch")

    def test_validation_without_labels(self):
        columns = [c for c in COLUMNS if c not in ("click", "buy")]
        report = self.report(rows(300, 1), valid=with_column(rows(100, 2), "age", ""), valid_columns=columns)
        self.assertRegex("\n".join(report["warnings"]), "lacks the column of a label")
        self.assertRegex("\n".join(report["warnings"]), 'field "age": 100% of the cells are empty')
        self.assertIsNone(report["tasks"]["click"]["valid_rate"])

    def test_leaks(self):
        """Whatever form the answer takes."""
        draw = random.Random(9)
        made = rows(1200, 3)
        category, bag = {"type": "category", "dim": 2}, {"type": "bag", "dim": 2}
        secret = [draw.randrange(10**9) for _ in range(7)]
        forms = {
            "copy": ({**category, "column": "extra"}, lambda row: row["click"]),
            "word": ({**category, "column": "extra"}, lambda row: draw.choice(["sold", "kept"] if row["buy"] else ["no", ""])),
            "hash": ({**category, "column": "extra", "encoding": "hash", "size": 1000},
                     lambda row: secret[draw.randrange(3) if row["click"] else draw.randrange(3, 7)]),
            "bag": ({**bag, "column": "extra"},
                    lambda row: "|".join(draw.sample("abcdef", 3) + (["done"] if row["click"] else []))),
            "empty bag": ({**bag, "column": "extra"}, lambda row: draw.choice("ab") if row["click"] else ""),
            "dwell": (number("n"), lambda row: draw.random() * 100 if row["click"] else 0),
            "missing": (number("n", "log1p"), lambda row: draw.randrange(1000) if row["click"] else ""),
            "middle": (number("n"), lambda row: draw.uniform(4, 5) if row["click"] else draw.choice([1, 8]) * draw.random()
                       + (8 if draw.random() < 0.5 else -9)),
            "falling": (number("n"), lambda row: draw.random() - row["click"]),
            "buckets": (number("n", "buckets"), lambda row: draw.random() + row["buy"]),
        }
        for name, (field, value) in forms.items():
            with self.subTest(name):
                report = self.with_field(made, {**field, "name": "leak"}, value)
                self.assertRegex("\n".join(report["warnings"]), 'warning: field "leak": alone it predicts task "(click|buy)"')
                self.assertEqual(len([w for w in report["warnings"] if "leak" not in w]), 0)

    def test_no_leak(self):
        """Ids that come once or twice know the answer only of the rows they were seen in."""
        draw = random.Random(5)
        made = rows(1200, 3)
        for name, field, value in [
                ("id", {"type": "category", "dim": 2}, lambda row: draw.randrange(10**12)),
                ("twice", {"type": "category", "dim": 2}, lambda row: draw.randrange(600)),
                ("hash", {"type": "category", "encoding": "hash", "size": 10**6, "dim": 2}, lambda row: draw.randrange(10**12)),
                ("items", {"type": "bag", "dim": 2}, lambda row: "|".join(str(draw.randrange(5000)) for _ in range(5))),
                ("noise", {"type": "number"}, lambda row: draw.random()),
                ("strong", {"type": "number"}, lambda row: draw.gauss(2.5 * row["click"], 1))]:
            with self.subTest(name):
                report = self.with_field(made, {**field, "name": "fair", "column": "extra"}, value)
                self.assertEqual(report["warnings"], [])
        # One click in 1,200 rows is no ground for an alarm.
        few = with_column(with_column(made, "click", 0), "buy", 0)
        few[7].update(click=1, buy=1, extra=99)
        report = self.report([{"extra": 1, **row} for row in few], columns=(*COLUMNS, "extra"),
                             change=lambda config: config["fields"].append(number("n")))
        self.assertEqual(report["warnings"], [])
        self.assertIsNone(report["fields"]["n"]["auc_alone"]["click"])

    def test_few_children_without_a_parent_are_a_note(self):
        made = rows(1500, 6)
        next(row for row in made if row["click"] == 0)["buy"] = 1
        report = self.report(made)
        self.assertEqual(report["warnings"], [])
        self.assertRegex("\n".join(report["notes"]), 'note: task "buy": .* is 0 in 1 training rows')

    def test_many_fields_and_findings_stay_a_page(self):
        made = rows(60, 1)
        names = [f"f{i}" for i in range(300)]
        made = [{**row, **dict.fromkeys(names, "")} for row in made]
        done = self.check(made, columns=(*COLUMNS, *names),
                          change=lambda config: config["fields"].extend({"name": n, "type": "category", "dim": 1} for n in names))
        self.assertEqual(done.returncode, FOUND)
        text = done.stdout.decode()
        self.assertLess(text.count("\n"), 90)
        self.assertRegex(text, "and 255 more fields")
        self.assertRegex(text, "and 280 more: --json")

    def test_memory_to_expect(self):
        """Against the peak of a training with large tables."""
        big = lambda config: config["fields"][1].update(size=400000, dim=32)
        made = rows(600, 1)
        expected = self.report(made, change=big, valid=rows(100, 2))["memory_bytes"]
        config = json.loads(json.dumps(CONFIG))
        big(config)
        code = "import resource,subprocess,sys; subprocess.run(sys.argv[1:], check=True); " \
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        done = subprocess.run([sys.executable, "-c", code, PROGRAM, "train", self.write("big.json", json.dumps(config)),
                               "--train", self.write("t.csv", csv(made)), "--valid", self.write("v.csv", csv(rows(100, 2))),
                               "--out", self.dir / "big", "--quiet", "--threads", "1"], stdout=subprocess.PIPE, check=True)
        for left in self.dir.glob("big*"):
            if left.is_file() and left.name != "big.json":
                left.unlink()
        peak = 1024 * int(done.stdout)
        self.assertLess(abs(expected - peak) / peak, 0.5, (expected, peak))


if __name__ == "__main__":
    unittest.main()

"""compare: the program's judge as a function, on files and on frames."""

import json
import os
import pathlib
import re
import signal
import threading
import time
import unittest
import unittest.mock

from support import CONFIG, PythonTest, log, needs, write_csv

try:
    import dcrnn
    import numpy as np
except ImportError:
    pass

PARTS = ("train", "valid", "test")
QUICK = {**CONFIG, "train": {"epochs": 2, "batch": 64}}


def without_times(table):
    for row in table["rows"].values():
        row.pop("training_rows_per_second", None)
        row.pop("scoring_us", None)
    return table


class Comparison(PythonTest):
    def setUp(self):
        super().setUp()
        self.logs = {name: log(300, seed) for seed, name in enumerate(PARTS, 1)}
        for name, rows in self.logs.items():
            write_csv(self.dir / f"{name}.csv", *rows)
        self.files = [self.dir / f"{name}.csv" for name in PARTS]
        (self.dir / "config.json").write_text(json.dumps(QUICK))

    def compare(self, parts, out, **options):
        return dcrnn.compare(QUICK, *parts, out=self.dir / out, **{"models": ["hard"], "seeds": 1, **options})

    def test_figures_are_those_of_the_program(self):
        arguments = [item for name in PARTS for item in (f"--{name}", self.dir / f"{name}.csv")]
        own = {**QUICK, "cross": {"kind": "dcn_v2"}}
        (self.dir / "wide.json").write_text(json.dumps(own))
        self.app("compare", self.dir / "config.json", *arguments, "--out", self.dir / "program", "--seeds", 2,
                 "--models", f"hard,independent,{self.dir / 'wide.json'}")
        told = (self.dir / "program" / "table.json").read_text()
        rows = {"models": ["hard", "independent", {"wide": own}], "seeds": 2}
        ours = self.compare(self.files, "ours", **rows, threads=2)
        self.assertEqual(without_times(ours.table), without_times(json.loads(told)))
        self.assertEqual((self.dir / "ours" / "table.json").read_text(), ours.json)
        for model in (self.dir / "program").glob("*.model"):
            self.assertEqual(model.read_bytes(), (self.dir / "ours" / model.name).read_bytes(), model.name)
        # What the program has begun, the function goes on with: nothing is left to do.
        self.assertEqual(self.compare(self.files, "program", **rows).json, told)

    def test_rows_in_memory(self):
        files = self.compare(self.files, "files", models=[{"mine": QUICK}], equal="none")
        pairs = self.compare(list(self.logs.values()), "pairs", models=[{"mine": QUICK}], equal="none")
        whole = [{**columns, **labels} for columns, labels in self.logs.values()]
        frames = self.compare(whole, "frames", models=[{"mine": QUICK}], equal="none")
        for other in (pairs, frames):
            self.assertEqual(without_times(files.table), without_times(other.table))
        fit = dcrnn.fit({**QUICK, "train": {**QUICK["train"], "seed": 1}}, *self.logs["train"], valid=self.logs["valid"])
        self.assertEqual((self.dir / "pairs" / "mine.1.model").read_bytes(), fit.model.to_bytes())

    def test_predictions_from_outside(self):
        first = self.compare(self.files, "x", seeds=2)
        p = [dcrnn.Model.load(self.dir / "x" / f"hard.{seed}.model").predict(self.logs["test"][0]) for seed in (1, 2)]
        told = self.compare(self.files, "x", seeds=2, outside={"arrays": p, "one": p[0]}).table["rows"]
        for task, figures in first.table["rows"]["hard"]["tasks"].items():
            self.assertEqual(told["arrays"]["tasks"][task]["auc"], figures["auc"])
            self.assertEqual(told["one"]["tasks"][task]["auc"], figures["auc"][:1] * 2)

    def test_rows_of_the_table(self):
        told = self.compare(self.files, "x", models=["hard", "esmm"], seeds=2)
        self.assertEqual([(row["row"], row["task"]) for row in told.rows],
                         [(row, task) for row in ("hard", "esmm") for task in ("click", "consume")])
        auc = told.table["rows"]["hard"]["tasks"]["click"]["auc"]
        self.assertAlmostEqual(told.rows[0]["auc"], sum(auc) / 2, places=15)
        self.assertAlmostEqual(told.rows[0]["auc_deviation"], abs(auc[0] - auc[1]) / 2 ** 0.5, places=15)
        self.assertGreater(told.rows[0]["parameters"], 0)
        self.assertIn("hard", str(told))

    @needs("pandas")
    def test_frames(self):
        import pandas

        whole = [pandas.DataFrame({**columns, **labels}) for columns, labels in self.logs.values()]
        told = self.compare(whole, "frames")
        self.assertEqual(without_times(told.table), without_times(self.compare(self.files, "files").table))
        self.assertEqual(list(told.to_pandas()["row"]), ["hard", "hard"])

    def test_example_of_the_page(self):
        page = (pathlib.Path(__file__).parents[2] / "docs" / "python.md").read_text()
        frame, labels = self.logs["test"]
        names = {"dcrnn": dcrnn, "config": QUICK, "frame": frame, "labels": labels, "p": np.full((300, 2), 0.5),
                 "other_config": {**QUICK, "tower": [9]}}
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.dir)
        exec(re.search(r"```python\n(told = dcrnn.compare.*?)```", page, re.S).group(1).replace("told.to_pandas()", ""), names)
        self.assertEqual([row["row"] for row in names["told"].rows[::2]], ["dcrnn", "mmoe", "wider", "xgboost"])

    def test_stopped_and_gone_on(self):
        whole = self.compare(self.files, "whole", models=["hard", "ple"], threads=2)
        seen = []
        with self.assertRaises(dcrnn.StoppedError):
            self.compare(self.files, "parts", models=["hard", "ple"], progress=lambda now: seen.append(now) or now.done == 0)
        self.assertTrue((self.dir / "parts" / "hard.1.model").exists())
        before = (self.dir / "parts" / "hard.1.model").stat().st_mtime_ns
        self.assertEqual(without_times(self.compare(self.files, "parts", models=["hard", "ple"]).table), without_times(whole.table))
        self.assertEqual((self.dir / "parts" / "hard.1.model").stat().st_mtime_ns, before)
        self.assertEqual((seen[0].stage, seen[0].models), ("training", 2))

        def fail(now):
            raise RuntimeError("mine")

        with self.assertRaisesRegex(RuntimeError, "mine"):
            self.compare(self.files, "raised", progress=fail)
        with unittest.mock.patch.object(dcrnn.comparison._c.lib, "dcrnn_compare", side_effect=MemoryError("ours")):
            with self.assertRaisesRegex(MemoryError, "ours"):
                self.compare(self.files, "raised")

    def test_interrupted(self):
        slow = {**QUICK, "train": {"epochs": 100000, "batch": 8, "early_stopping": {"patience": 100000}}}
        ticks = []
        stop = threading.Event()
        threading.Thread(target=lambda: [ticks.append(time.sleep(0.01)) for _ in iter(stop.is_set, True)], daemon=True).start()
        threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        begin = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            dcrnn.compare(slow, *self.files, out=self.dir / "slow", models=["hard", "ple", "mmoe"], seeds=1, threads=2)
        stop.set()
        self.assertLess(time.monotonic() - begin, 20)
        self.assertGreater(len(ticks), 5)  # others ran meanwhile
        self.assertTrue(list((self.dir / "slow").glob("*.checkpoint")))

    def test_what_cannot_be_compared(self):
        for error, pattern, options in [
                (dcrnn.UsageError, 'no row "hart"; the nearest is "hard"', {"models": ["hart"]}),
                (dcrnn.UsageError, 'two rows are called "hard"', {"models": ["hard", {"hard": QUICK}]}),
                (dcrnn.UsageError, 'called "a/b"', {"models": [{"a/b": QUICK}]}),
                (dcrnn.UsageError, "equal: found", {"equal": "width"}),
                (dcrnn.UsageError, "seeds", {"seeds": 0}),
                (TypeError, "name of a row", {"models": [7]}),
                (dcrnn.UsageError, "found 2 files, want one", {"seeds": 3, "outside": {"o": [self.files[0]] * 2}}),
                (dcrnn.DataError, r"found shape \[300, 1\], want \[n, 2\]", {"outside": {"o": np.zeros((300, 1))}}),
                (dcrnn.FileError, "cannot open .*absent.csv", {"outside": {"o": self.dir / "absent.csv"}})]:
            with self.assertRaisesRegex(error, pattern):
                self.compare(self.files, "bad", **options)
        self.assertFalse((self.dir / "bad" / "comparison.json").exists())
        with self.assertRaisesRegex(dcrnn.DataError, "found 300 rows of predictions|found 299 rows"):
            self.compare(self.files, "short", outside={"o": np.full((299, 2), 0.5)})
        with self.assertRaisesRegex(dcrnn.DataError, "want a probability"):
            self.compare(self.files, "short", outside={"o": np.full((300, 2), 1.5)})
        with self.assertRaisesRegex(dcrnn.FileError, "cannot write"):
            self.compare(list(self.logs.values()), "test.csv")  # a file
        with self.assertRaisesRegex(TypeError, "labels"):
            self.compare([(self.logs["train"][0], [0] * 300), *self.files[1:]], "y")
        with self.assertRaisesRegex(dcrnn.UsageError, "csv says"):
            dcrnn.compare({**QUICK, "csv": {"separator": ";"}}, *self.logs.values(), out=self.dir / "csv")
        self.compare(self.files, "other", models=[{"mine": QUICK}])
        with self.assertRaisesRegex(dcrnn.ModelError, "made with another config"):
            self.compare(self.files, "other", models=[{"mine": {**QUICK, "tower": [7]}}])
        with self.assertRaisesRegex(dcrnn.ModelError, "another comparison"):
            self.compare([self.files[1], *self.files[1:]], "other")


if __name__ == "__main__":
    unittest.main()

"""Short trainings on real data: one epoch of a part of Census-Income, and the Hillstrom funnel.

The data is no part of the project. It is looked for in $DCRNN_DATA, else in ../shared/data beside the checkout, and the
tests say that they were skipped where it is absent.
"""

import gzip
import itertools
import json
import os
import pathlib
import unittest

from harness import CommandLineTest

ROOT = pathlib.Path(__file__).parents[2]
DATA = pathlib.Path(os.environ.get("DCRNN_DATA", ROOT.parent / "shared" / "data"))


@unittest.skipUnless(DATA.is_dir(), f"SKIPPED: no real data in {DATA}; set DCRNN_DATA to its folder")
class RealData(CommandLineTest):
    def evaluate(self, model, data):
        done = self.succeed("eval", model, "--data", data, "--json")
        self.assertNotIn(b"warning", done.stderr)  # these files are of a kind
        return json.loads(done.stdout)

    def test_census_one_epoch_of_a_part(self):
        census = DATA / "census"
        with gzip.open(census / "train.csv.gz", "rb") as full:
            part = self.write("part.csv", b"".join(itertools.islice(full, 40001)))
        model = self.dir / "census.safetensors"
        for config in (census / "income.json", ROOT / "examples" / "census.json"):
            with self.subTest(config=config.name):
                self.succeed("train", config, "--train", part, "--out", model, "--quiet", "--set", "train.epochs=1",
                             "--set", "train.batch=256")
                report = self.evaluate(model, census / "valid.csv.gz")
                self.assertEqual(report["rows"], 49881)
                self.assertGreater(report["tasks"]["income"]["auc"], 0.92)
                self.assertGreater(report["tasks"]["never_married"]["auc"], 0.98)

    def test_hillstrom_funnel(self):
        hillstrom = DATA / "hillstrom"
        model = self.dir / "hillstrom.safetensors"
        self.succeed("train", hillstrom / "config.json", "--train", hillstrom / "train.csv.gz", "--valid",
                     hillstrom / "valid.csv.gz", "--out", model, "--quiet", "--set", "train.epochs=3")
        tasks = self.evaluate(model, hillstrom / "test.csv.gz")["tasks"]
        self.assertEqual(sorted(tasks), ["conversion", "visit"])
        self.assertGreater(tasks["visit"]["auc"], 0.55)
        # Only 58 conversions in the test file: both figures must be there and sane, no more can be asked.
        self.assertGreater(tasks["conversion"]["auc"], 0.4)
        self.assertGreater(tasks["conversion"]["auc_given_parent"], 0.3)
        self.assertNotIn("auc_given_parent", tasks["visit"])

    def test_check_raises_no_alarm(self):
        for name, config in [("census", "income.json"), ("census", "college.json"), ("hillstrom", "config.json"),
                             ("kuairand", "config.json")]:
            with self.subTest(config=f"{name}/{config}"):
                folder = DATA / name
                files = ["check", folder / config, "--train", folder / "train.csv.gz", "--valid", folder / "valid.csv.gz"]
                page = self.succeed(*files).stdout.decode()
                self.assertNotIn("warning", page)
                self.assertLess(page.count("\n"), 70)
                report = json.loads(self.succeed(*files, "--json").stdout)
                self.assertEqual(report["warnings"], [])
                orphans = [note for note in report["notes"] if "its label is 1 but" in note]
                self.assertEqual(len(orphans), 2 if name == "kuairand" else 0, orphans)


if __name__ == "__main__":
    unittest.main()

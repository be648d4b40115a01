"""Short trainings on real data: one epoch of a part of Census-Income, the Hillstrom funnel, random keys on KuaiRand.

The data is no part of the project. It is looked for in $DCRNN_DATA, else in ../shared/data beside the checkout, and the
tests say that they were skipped where it is absent.
"""

import gzip
import itertools
import json
import os
import pathlib
import random
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
        # The one cycle of the example is hardly begun after a single epoch.
        for config, epochs in ((census / "income.json", 1), (ROOT / "examples" / "census.json", 2)):
            with self.subTest(config=config.name):
                self.succeed("train", config, "--train", part, "--out", model, "--quiet", "--set",
                             f"train.epochs={epochs}", "--set", "train.batch=256")
                report = self.evaluate(model, census / "valid.csv.gz")
                self.assertEqual(report["rows"], 49881)
                self.assertGreater(report["tasks"]["income"]["auc"], 0.92)
                self.assertGreater(report["tasks"]["never_married"]["auc"], 0.98)

    def test_kuairand_random_keys(self):
        """Keys of random ids must not be believed: neither of five rows each, as no row sees its own label, nor of
        many, where what a row sees of the other folds leans against its label."""
        draw = random.Random(3)
        paths = {}
        for name in ("train", "valid"):
            with gzip.open(DATA / "kuairand" / f"{name}.csv.gz", "rt") as file:
                header, *lines = file.read().splitlines()
            ids = [i // 5 for i in range(len(lines))]
            draw.shuffle(ids)
            text = "\n".join([header + ",noise,few", *(f"{line},{i},{i % 3}" for line, i in zip(lines, ids))]) + "\n"
            paths[name] = self.write(name + ".csv", text)
        for order in ("file", "shuffled"):
            aucs = []
            known = ["user_id", "video_id", "tab"]
            for keys in (known, known + ["noise"], known + ["few"]):
                config = {"fields": [{"name": key + "_rate", "type": "rate", "of": [key], "order": order} for key in keys],
                          "tasks": [{"name": "click"}, {"name": "long_view", "after": "click"}], "wide": True,
                          "head": False, "cross": {"kind": "none"}, "sharing": [], "tower": [], "transfer": "none",
                          "train": {"epochs": 2}}
                model = self.dir / "keys"
                self.succeed("train", self.write("keys.json", json.dumps(config)), "--train", paths["train"], "--out",
                             model, "--quiet")
                done = self.succeed("eval", model, "--data", paths["valid"], "--json")
                aucs.append([task["auc"] for task in json.loads(done.stdout)["tasks"].values()])
            for without, with_noise, with_few in zip(*aucs):
                self.assertGreater(without, 0.7)
                self.assertAlmostEqual(with_noise, without, delta=0.001, msg=order)
                self.assertGreater(with_few, without - 0.001, order)

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

"""Members and rate fields through every command: killed and resumed, row by row, refreshed, compared."""

import json
import os
import random
import unittest

from harness import SMALL_CONFIG, CommandLineTest, read_tensors, run, small_csv, small_rows

CONFIG = {**SMALL_CONFIG, "wide": True, "activation": "silu", "members": 2, "project": 3,
          "rate_pairs": [{"columns": ["user", "kind", {"column": "age", "bins": 4}], "blocks": 4, "order": "shuffled"}],
          "train": {"epochs": 2, "batch": 16, "checkpoint_seconds": 0, "dropout": {"field": 0.1}}}
ROWS = 200


class Members(CommandLineTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls("setUp")
        self.write("c.json", json.dumps(CONFIG))
        for seed, name in enumerate(["train", "valid", "test"], 1):
            self.write(name + ".csv", small_csv(small_rows(ROWS, seed)))
        cls.whole = cls.dir / "whole"
        self.succeed(*self.training(cls.whole), "--quiet")

    def training(self, out, *more):
        return ["train", self.dir / "c.json", "--train", self.dir / "train.csv", "--valid", self.dir / "valid.csv", "--out",
                out, *more]

    def test_killed_and_resumed_ends_with_the_same_bytes(self):
        model = self.dir / "killed"
        self.finish_despite_kills(model, lambda kills: self.training(model, "--threads", 1 + kills % 2, "--resume"),
                                  random.Random(7))
        self.assertEqual(model.read_bytes(), self.whole.read_bytes())
        self.assertEqual([name for name in os.listdir(self.dir) if name.startswith("killed.checkpoint")], [])

    def test_row_by_row_is_the_batch(self):
        for batch in (1, 7, ROWS):
            self.succeed("predict", self.whole, "--data", self.dir / "test.csv", "--out", self.dir / f"p{batch}", "--batch", batch,
                         "--threads", 2)
        one = (self.dir / "p1").read_bytes()
        self.assertEqual(one.count(b"\n"), ROWS + 1)
        self.assertEqual((self.dir / "p7").read_bytes(), one)
        self.assertEqual((self.dir / f"p{ROWS}").read_bytes(), one)

    def test_refresh_leaves_every_parameter(self):
        new = self.dir / "refreshed"
        self.succeed("refresh", self.whole, "--data", self.dir / "test.csv", "--out", new)
        before, after = read_tensors(self.whole)[1], read_tensors(new)[1]
        self.assertEqual(set(before), set(after))
        changed = {name for name in before if before[name] != after[name]}
        self.assertTrue(changed and all(".rate." in name or name == "encoder.fingerprints" for name in changed), changed)
        self.assertIn("member.1.project.weight", before)

    def test_going_on_from_the_model(self):
        self.succeed("train", "--from", self.whole, "--train", self.dir / "test.csv", "--out", self.dir / "on", "--quiet",
                     "--set", "train.epochs=1")
        self.assertEqual(set(read_tensors(self.dir / "on")[1]), set(read_tensors(self.whole)[1]))
        self.check_error(run("train", "--from", self.whole, "--train", self.dir / "test.csv", "--out", self.dir / "on2",
                             "--set", "members=3"), 4, "members")

    def test_what_is_said(self):
        self.assertRegex(self.succeed(*self.training(self.dir / "said")).stderr.decode(),
                         r"(?s)member 0 of 2, epoch 1/2.*member 1 of 2, epoch 1/2.*kept epochs \d, \d of 2 members")
        one = self.write("one.json", json.dumps({**CONFIG, "members": 1}))
        reports = [json.loads(self.succeed("check", config, "--train", self.dir / "train.csv", "--json").stdout)
                   for config in (one, self.dir / "c.json")]
        counts = [report["parameter_count"] for report in reports]
        self.assertEqual(counts[1], 2 * counts[0])
        shown = json.loads(self.succeed("inspect", self.whole, "--json").stdout)
        names = [tensor["name"] for tensor in shown["parameters"]]
        self.assertEqual(["member.1." + name for name in names[:len(names) // 2]], names[len(names) // 2:])
        self.assertEqual(shown["parameter_count"], 2 * sum(t["count"] for t in shown["parameters"][:len(names) // 2]))

    def test_a_comparison_of_such_models(self):
        files = [item for name in ["train", "valid", "test"] for item in (f"--{name}", self.dir / f"{name}.csv")]
        rows = "independent,ple,dcrnn,linear"
        self.succeed("compare", self.dir / "c.json", *files, "--out", self.dir / "table", "--models", rows, "--seeds", 1,
                     "--set", "train.epochs=1")
        table = json.loads((self.dir / "table" / "table.json").read_text())
        self.assertEqual(",".join(table["rows"]), rows)


if __name__ == "__main__":
    unittest.main()

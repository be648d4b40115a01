"""Positive weights and soft labels through the program: who reads the column, and what a cell may hold."""

import json
import unittest

import harness
from harness import CommandLineTest

CONFIG = {"fields": [{"name": "x", "type": "number", "transform": "none"}],
          "tasks": [{"name": "y", "soft": "s", "soft_share": 0.5, "positive_weight": 2}],
          "cross": {"kind": "none"}, "sharing": [], "tower": [], "train": {"epochs": 2, "batch": 32}}


class Targets(CommandLineTest):
    def log(self, name, soft):
        rows = [f"{b % 7},{b % 2},{soft(b)}" for b in range(96)]
        return self.write(name, ("x,y,s\n" + "\n".join(rows) + "\n").encode())

    def setUp(self):
        super().setUp()
        self.config = self.write("config.json", json.dumps(CONFIG).encode())
        self.plain = self.write("plain.csv", b"x,y\n" + b"".join(b"%d,%d\n" % (b % 7, b % 2) for b in range(96)))
        self.model = self.dir / "model"

    def train(self, data, *more):
        return ("train", self.config, "--train", data, "--out", self.model, "--quiet", *more)

    def test_soft_labels_are_learnt_from(self):
        models = []
        for soft in (lambda b: b % 2, lambda b: "", lambda b: 0.9):
            self.succeed(*self.train(self.log("train.csv", soft), "--valid", self.plain))
            models.append(self.model.read_bytes())
        self.assertEqual(models[0], models[1])  # what they say of the labels, and nothing
        self.assertNotEqual(models[0], models[2])
        self.succeed("eval", self.model, "--data", self.plain)

    def test_a_cell_outside_is_an_error_with_its_place(self):
        for cell in ("1.01", "-0.1", "nan", "much"):
            done = harness.run(*self.train(self.log("train.csv", lambda b: cell if b == 4 else 0.5)))
            self.assertEqual(done.returncode, 3, cell)
            self.assertIn(b"train.csv:6", done.stderr)

    def test_training_and_traces_need_the_column(self):
        done = harness.run(*self.train(self.plain))
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"soft label of task", done.stderr)
        self.succeed(*self.train(self.log("train.csv", lambda b: 0.5)))
        trace = ("trace", self.model, "--out", self.dir / "trace", "--data")
        self.assertEqual(harness.run(*trace, self.plain).returncode, 3)
        self.succeed(*trace, self.log("train.csv", lambda b: 0.5))

    def test_keys_that_do_not_apply(self):
        for task in ({"soft_share": 0.5}, {"positive_weight": 0}, {"soft": "s", "soft_share": 1.5}):
            config = {**CONFIG, "tasks": [{"name": "y", **task}]}
            self.config = self.write("config.json", json.dumps(config).encode())
            self.assertEqual(harness.run(*self.train(self.plain)).returncode, 2, task)


if __name__ == "__main__":
    unittest.main()

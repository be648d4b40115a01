"""compare: rows under one protocol, going on, and what it refuses."""

import json
import unittest

from harness import SMALL_CONFIG, CommandLineTest, run, small_csv, small_rows


class Compare(CommandLineTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for seed, name in enumerate(["train", "valid", "test"], 1):
            (cls.dir / f"{name}.csv").write_text(small_csv(small_rows(96, seed)))
        (cls.dir / "config.json").write_text(json.dumps(SMALL_CONFIG))
        cls.files = [item for name in ["train", "valid", "test"]
                     for item in (f"--{name}", cls.dir / f"{name}.csv")]

    def compare(self, out, *args):
        return run("compare", self.dir / "config.json", *self.files, "--out", self.dir / out, *args)

    def test_every_row_is_trained_and_told(self):
        done = self.compare("all", "--seeds", "1")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertIn("one seed: no test", done.stdout.decode())
        table = json.loads((self.dir / "all" / "table.json").read_text())
        self.assertEqual(len(table["rows"]), 13)
        for name, row in table["rows"].items():
            for task, figures in row["tasks"].items():
                self.assertEqual(len(figures["auc"]), 1, (name, task))
                self.assertFalse(figures["best"])
            self.assertEqual(len(row["tasks"]["consume"]["auc_given_parent"]), 1, name)
            self.assertEqual(row["tasks"]["click"]["auc_given_parent"], [])

    def test_a_row_is_what_train_makes_of_its_config(self):
        self.assertEqual(self.compare("one", "--models", "ple,independent,dcrnn", "--seeds", "2").returncode, 0)
        for row, models in [("ple", ["ple"]), ("dcrnn", ["dcrnn"]),
                            ("independent", ["independent.click", "independent.consume"])]:
            shown = self.succeed("compare", self.dir / "config.json", "--show", row).stdout.decode().splitlines()
            self.assertEqual(len(shown), len(models))
            for config, model in zip(shown, models):
                own = self.dir / "own.json"
                own.write_text(config)
                self.succeed("train", own, *self.files[:4], "--seed", "2", "--restart", "--out",
                             self.dir / "own.model")
                self.assertEqual((self.dir / "own.model").read_bytes(),
                                 (self.dir / "one" / f"{model}.2.model").read_bytes(), model)

    def test_goes_on_with_the_same_table(self):
        rows = ["--models", "hard,esmm", "--seeds", "2"]
        first = self.compare("again", *rows)
        table = (self.dir / "again" / "table.json").read_bytes()
        kept = self.dir / "again" / "hard.1.model"
        before = kept.stat().st_mtime_ns
        (self.dir / "again" / "esmm.2.model").unlink()
        second = self.compare("again", *rows)
        self.assertEqual(first.stdout, second.stdout)
        self.assertEqual((self.dir / "again" / "table.json").read_bytes(), table)
        self.assertEqual(kept.stat().st_mtime_ns, before)

    def test_refuses_what_it_cannot_compare(self):
        self.check_error(self.compare("bad", "--models", "hart"), 2, 'no row "hart"; the nearest is "hard"')
        self.check_error(self.compare("bad", "--models", "ple,hard,ple"), 2, 'two rows are called "ple"')
        self.assertFalse((self.dir / "bad").exists())
        self.assertEqual(self.compare("other", "--models", "hard", "--seeds", "1").returncode, 0)
        self.check_error(self.compare("other", "--models", "hard", "--seeds", "1", "--set", "tower=[5]"), 4,
                         r'another comparison: "tower":\[3\] there, "tower":\[5\] here')
        self.check_error(run("compare", self.dir / "config.json", "--train", "x"), 2, "--valid is required")


if __name__ == "__main__":
    unittest.main()

"""train --folds: what each model says of rows that it has not seen, and what may not go together."""

import json
import os
import random
import struct
import unittest

from harness import SMALL_CONFIG, CommandLineTest, run, small_csv, small_rows

USAGE, FOLDS, SEED, ROWS = 2, 3, 9, 150
MASK = (1 << 64) - 1


def fold_of(row, seed=SEED, folds=FOLDS):
    """XXH64 of a row's 8 bytes, written out for that length."""
    p1, p2, p3, p4, p5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
                          0x27D4EB2F165667C5)
    rotate = lambda x, r: ((x << r) | (x >> (64 - r))) & MASK
    (word,) = struct.unpack("<Q", struct.pack("<Q", row))
    h = (seed + p5 + 8) & MASK
    h ^= rotate(word * p2 & MASK, 31) * p1 & MASK
    h = (rotate(h, 27) * p1 + p4) & MASK
    h = (h ^ (h >> 33)) * p2 & MASK
    h = (h ^ (h >> 29)) * p3 & MASK
    return (h ^ (h >> 32)) % folds


class Folds(CommandLineTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls("setUp")
        cls.rows = small_rows(ROWS)
        cls.config = self.write("c.json", json.dumps({
            **SMALL_CONFIG, "wide": True, "rate_pairs": [{"columns": ["user", "kind", "tags"], "blocks": 4}],
            "train": {"epochs": 2, "batch": 16, "seed": SEED, "checkpoint_seconds": 0}}))
        cls.parts = [self.write("a.csv", small_csv(cls.rows[:60])), self.write("b.csv", small_csv(cls.rows[60:]))]
        cls.valid = self.write("valid.csv", small_csv(small_rows(80, 3)))
        cls.whole = cls.dir / "whole"
        self.succeed(*self.training(cls.whole, cls.dir / "whole.csv"), "--quiet")

    def training(self, model, out, *more):
        return ["train", self.config, "--train", *self.parts, "--valid", self.valid, "--out", model, "--folds", FOLDS,
                "--out-of-fold", out, *more]

    def test_a_row_is_predicted_by_the_model_without_its_fold(self):
        header, *lines = (self.dir / "whole.csv").read_text().splitlines()
        self.assertEqual(header, "p_click,p_consume")
        self.assertEqual(len(lines), ROWS)
        for fold in range(FOLDS):
            inside = [r for r in range(ROWS) if fold_of(r) == fold]
            self.assertGreater(len(inside), ROWS // FOLDS // 2)
            rest = self.write("rest.csv", small_csv([row for r, row in enumerate(self.rows) if r not in inside]))
            held = self.write("held.csv", small_csv([self.rows[r] for r in inside]))
            self.succeed("train", self.config, "--train", rest, "--valid", self.valid, "--out", self.dir / "alone",
                         "--quiet", "--restart")
            self.succeed("predict", self.dir / "alone", "--data", held, "--out", self.dir / "held.p")
            self.assertEqual((self.dir / "held.p").read_text().splitlines()[1:], [lines[r] for r in inside])

    def test_the_model_is_that_of_all_rows(self):
        self.succeed("train", self.config, "--train", *self.parts, "--valid", self.valid, "--out", self.dir / "plain", "--quiet")
        self.assertEqual((self.dir / "plain").read_bytes(), self.whole.read_bytes())
        left = sorted(name for name in os.listdir(self.dir) if name.startswith("whole"))
        self.assertEqual(left, ["whole", "whole.cache", "whole.csv", "whole.jsonl"])

    def test_they_serve_as_soft_labels(self):
        lines = (self.dir / "whole.csv").read_text().splitlines()
        data = small_csv(self.rows).splitlines()
        soft = self.write("soft.csv", "".join(f"{row},{p}\n" for row, p in zip(data, lines)))
        config = json.loads(self.config.read_text())
        config["tasks"][0]["soft"] = "p_click"
        config["tasks"][1]["soft"] = "p_consume"
        self.succeed("train", self.write("soft.json", json.dumps(config)), "--train", soft, "--out", self.dir / "soft", "--quiet")

    def test_killed_and_resumed_ends_with_the_same_bytes(self):
        model, out = self.dir / "killed", self.dir / "killed.csv"
        self.finish_despite_kills(model, lambda kills: self.training(model, out, "--resume"), random.Random(5))
        self.assertEqual(model.read_bytes(), self.whole.read_bytes())
        self.assertEqual(out.read_bytes(), (self.dir / "whole.csv").read_bytes())

    def test_what_does_not_go_together(self):
        base = ["train", self.config, "--train", *self.parts, "--out", self.dir / "m"]
        for more, pattern in [(["--folds", "1", "--out-of-fold", self.dir / "p"], "--folds"),
                              (["--folds", "3"], "--out-of-fold"), (["--out-of-fold", self.dir / "p"], "--folds"),
                              (["--folds", "3", "--out-of-fold", self.dir / "p", "--from", self.whole], "--from"),
                              (["--folds", "3", "--out-of-fold", self.parts[0]], "a.csv"),
                              (["--folds", "3", "--out-of-fold", self.dir / "m"], "m")]:
            with self.subTest(more):
                self.check_error(run(*base, *more), USAGE, pattern)
                self.assertFalse((self.dir / "m").exists())
        self.assertEqual(small_csv(self.rows[:60]), self.parts[0].read_text())


if __name__ == "__main__":
    unittest.main()

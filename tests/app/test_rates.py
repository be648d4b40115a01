"""Rate fields through the program, against numbers from a plain script (tests/golden/rates)."""

import json
import math
import pathlib
import random
import unittest

from harness import CommandLineTest, read_tensors, run

CASE = pathlib.Path(__file__).parent.parent / "golden" / "rates"
TOLERANCE = 1e-12


def flat(values):
    return [x for row in values for x in flat(row)] if isinstance(values, (list, tuple)) else [values]


class Rates(CommandLineTest):
    """The case in the directory of the test, trained."""

    def setUp(self):
        super().setUp()
        self.expected = json.loads((CASE / "before.json").read_text())
        self.model = self.dir / "model.safetensors"
        self.succeed("train", CASE / "config.json", "--train", CASE / "train_a.csv", CASE / "train_b.csv", "--out",
                     self.model, "--quiet")

    def close(self, name, got, want):
        got, want = flat(got), flat(want)
        self.assertEqual(len(got), len(want), name)
        allowed = TOLERANCE * max(map(abs, want), default=0)
        for index, (g, w) in enumerate(zip(got, want)):
            self.assertLessEqual(abs(g - w), allowed, f"{name}[{index}]: got {g!r}, want {w!r}")

    def check_tensors(self, model, want):
        got = read_tensors(model)[1]
        for name, values in want.items():
            self.assertIn(name, got)
            if name.endswith("rate.keys"):
                self.assertEqual([format(key, "016x") for key in got[name][2]], values, name)
            else:
                self.close(name, got[name][2], values)

    def numbers(self, model, data):
        """The numbers of every rate field for every row of a file, by the name of the field."""
        out = self.dir / "trace.safetensors"
        self.succeed("trace", model, "--data", data, "--out", out, "--precision", "f64")
        metadata, tensors = read_tensors(model)[0], read_tensors(out)[1]
        _, (rows, width), values = tensors["rate"]
        config = json.loads(metadata["dcrnn"])
        numbers, first = {}, 0
        for field in config["fields"]:
            if field["type"] == "rate":
                count = len(field["tasks"]) + field["count"]
                numbers[field["name"]] = [values[row * width + first:row * width + first + count]
                                          for row in range(rows)]
                first += count
        self.assertEqual(first, width)
        return numbers

    def check_numbers(self, model, want):
        got = self.numbers(model, CASE / "log.csv")
        self.assertEqual(sorted(got), sorted(want))
        for name, rows in want.items():
            self.close(name, [list(row) for row in got[name]], rows)

    def test_tables(self):
        self.check_tensors(self.model, self.expected["tensors"])

    def test_heads_start_at_base_rates(self):
        out = self.dir / "unlearned.safetensors"
        self.succeed("train", CASE / "config.json", "--train", CASE / "train_a.csv", CASE / "train_b.csv", "--out", out,
                     "--quiet", "--set", "train.optimizer.rate=1e-12", "--set",
                     "train.tables.rate=1e-12")
        tensors = read_tensors(out)[1]
        for task, bias in self.expected["head_bias"].items():
            self.assertAlmostEqual(tensors[f"head.{task}.bias"][2][0], bias, delta=1e-6 * abs(bias))

    def test_numbers_of_further_rows(self):
        self.check_numbers(self.model, self.expected["log"])

    def refused(self, code, *args, pattern=""):
        self.check_error(run(*args), code, pattern)

    def refresh(self, model, out, *data, more=()):
        return self.succeed("refresh", model, "--data", *data, "--out", out, *more)

    def test_refresh(self):
        after = json.loads((CASE / "after.json").read_text())
        out, before = self.dir / "new.safetensors", self.model.read_bytes()
        said = self.refresh(self.model, out, CASE / "log.csv").stderr.decode()
        self.assertIn("40 rows added", said)
        self.assertEqual(self.model.read_bytes(), before)
        self.check_tensors(out, after["tensors"])
        self.check_numbers(out, after["log"])
        # Everything else is as it was.
        old, new = read_tensors(self.model)[1], read_tensors(out)[1]
        self.assertEqual(sorted(old), sorted(new))
        for name in old:
            if not name.endswith(("rate.keys", "rate.rows", "rate.sums", "fingerprints")):
                self.assertEqual(old[name], new[name], name)

    def test_a_file_is_counted_once(self):
        out, twice = self.dir / "counted.safetensors", self.dir / "twice.safetensors"
        self.refused(3, "refresh", self.model, "--data", CASE / "train_b.csv", "--out", out,
                     pattern="train_b.csv: its rows are in the tables already")
        self.assertFalse(out.exists())
        self.refresh(self.model, out, CASE / "log.csv")
        self.refused(3, "refresh", out, "--data", CASE / "log.csv", "--out", twice)
        self.refused(3, "refresh", self.model, "--data", CASE / "log.csv", CASE / "log.csv", "--out", twice)
        # What counts are the rows, not the bytes.
        lines = (CASE / "log.csv").read_text().splitlines()
        columns = [line.split(",") for line in lines]
        turned = self.write("turned.csv", "\n".join(",".join(reversed(row)) for row in columns) + "\n")
        self.refused(3, "refresh", out, "--data", turned, "--out", twice)
        self.refresh(out, twice, CASE / "log.csv", more=["--again"])
        once, again = read_tensors(out)[1], read_tensors(twice)[1]
        first = read_tensors(self.model)[1]
        rows = "encoder.site.rate.rows"
        self.assertEqual([first[rows][2][0], once[rows][2][0], again[rows][2][0]], [200, 240, 280])
        self.assertEqual([len(tensors["encoder.fingerprints"][2]) for tensors in (first, once, again)], [2, 3, 4])

    def test_refreshing_with_both_is_refreshing_twice_and_training_on_all(self):
        small, a, both = (self.dir / name for name in ("small.st", "a.st", "both.st"))
        more = ["--set", "train.epochs=1", "--quiet"]
        config = json.loads((CASE / "config.json").read_text())
        # Keys of words: edges of numbers would be those of fewer rows.
        config["fields"] = [field for field in config["fields"]
                            if all(isinstance(of, str) for of in field.get("of", []))]
        config["rate_pairs"] = []
        path = self.write("words.json", json.dumps(config))
        train = [CASE / "train_a.csv", CASE / "train_b.csv", CASE / "log.csv"]
        self.succeed("train", path, "--train", train[0], "--out", small, *more)
        self.refresh(small, a, train[1])
        self.refresh(a, self.dir / "ab.st", train[2])
        self.refresh(small, both, *train[1:])
        self.assertEqual((self.dir / "ab.st").read_bytes(), both.read_bytes())
        self.succeed("train", path, "--train", *train, "--out", self.dir / "all.st", *more)
        got, want = read_tensors(both)[1], read_tensors(self.dir / "all.st")[1]
        compared = 0
        for name in want:
            if name.endswith(("rate.keys", "rate.rows", "rate.sums")) or name == "encoder.fingerprints":
                self.assertEqual(got[name], want[name], name)
                compared += 1
        self.assertGreater(compared, 20)

    def test_what_refresh_refuses(self):
        out = self.dir / "refused.safetensors"
        link = self.dir / "link.safetensors"
        link.symlink_to(self.model)
        for target in (self.model, link):
            self.refused(2, "refresh", self.model, "--data", CASE / "log.csv", "--out", target)
        plain = self.dir / "plain"
        self.train_small(plain)
        self.refused(2, "refresh", plain, "--data", CASE / "log.csv", "--out", out, pattern=".*no rate field")
        header = self.write("header.csv", (CASE / "log.csv").read_text().splitlines()[0] + "\n")
        self.refused(3, "refresh", self.model, "--data", header, "--out", out)
        unlabelled = self.write("unlabelled.csv", "user,tab\na,b\n")
        self.refused(3, "refresh", self.model, "--data", unlabelled, "--out", out)
        self.assertFalse(out.exists())

    def test_a_model_that_knows_no_files_refuses_none(self):
        other = CASE.parent / "rates_project"
        out = self.dir / "new.safetensors"
        self.refresh(other / "model.safetensors", out, other / "rows.csv")
        self.assertEqual(len(read_tensors(out)[1]["encoder.fingerprints"][2]), 1)

    def test_threads_and_batches_change_nothing(self):
        other = self.dir / "other.safetensors"
        self.succeed("train", CASE / "config.json", "--train", CASE / "train_a.csv", CASE / "train_b.csv", "--out",
                     other, "--quiet", "--threads", "1")
        self.assertEqual(other.read_bytes(), self.model.read_bytes())
        outs = []
        for batch in (1, 7, 1000):
            outs.append(self.succeed("predict", self.model, "--data", CASE / "log.csv", "--out", "-", "--batch", batch,
                                     "--threads", 1 + batch % 2).stdout)
        self.assertEqual(outs[0], outs[1])
        self.assertEqual(outs[0], outs[2])


class Leaks(CommandLineTest):
    """A key that says nothing must not be believed: a row that saw its own label would be told the answer."""

    ROWS, VALID = 20000, 10000

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        draw = random.Random(5)
        taste = [draw.gauss(0, 1) for _ in range(400)]
        count = cls.ROWS + cls.VALID
        ids = [i // 5 for i in range(count)]
        draw.shuffle(ids)
        lines = []
        for i in range(count):
            user = draw.randrange(len(taste))
            click = draw.random() < 1 / (1 + math.exp(-taste[user]))
            lines.append(f"{user},{ids[i]},{draw.randrange(3)},{int(click)}\n")
        header = "user,noise,color,click\n"
        cls.train, cls.valid = cls.dir / "train.csv", cls.dir / "valid.csv"
        cls.train.write_text(header + "".join(lines[:cls.ROWS]))
        cls.valid.write_text(header + "".join(lines[cls.ROWS:]))

    def auc(self, order, keys):
        config = {
            "fields": [{"name": key + "_rate", "type": "rate", "of": [key], "order": order} for key in keys],
            "tasks": [{"name": "click"}], "wide": True, "head": False, "cross": {"kind": "none"}, "sharing": [],
            "tower": [], "transfer": "none", "train": {"epochs": 2, "batch": 256}}
        model = self.dir / "model"
        self.succeed("train", self.write("leak.json", json.dumps(config)), "--train", self.train, "--out", model,
                     "--quiet")
        report = self.succeed("eval", model, "--data", self.valid, "--json").stdout
        return json.loads(report)["tasks"]["click"]["auc"]

    def test_keys_that_say_nothing(self):
        for order in ("file", "shuffled"):
            plain = self.auc(order, ["user"])
            self.assertGreater(plain, 0.65)
            for key in ("noise", "color"):
                with self.subTest(order=order, key=key):
                    self.assertAlmostEqual(self.auc(order, ["user", key]), plain, delta=0.001)


if __name__ == "__main__":
    unittest.main()

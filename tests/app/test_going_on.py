"""dcrnn train --from: what stays, what grows, and when two runs end with the bytes of one."""

import json
import signal
import unittest

from harness import CommandLineTest, read_tensors, run, start
from test_silence import CONFIG, csv, rows, with_column

USAGE, DATA, MODEL, IO = 2, 3, 4, 5
WITHOUT_END = {"train": {"epochs": 5, "batch": 32, "seed": 5, "optimizer": {"kind": "adam", "rate": 0.01},
                         "schedule": {"kind": "constant", "warmup": 0}, "dropout": 0.1, "unknown_rate": 0.05}}


def parameters(path):
    return {name: tensor for name, tensor in read_tensors(path)[1].items() if not name.startswith("encoder.")}


class GoingOn(CommandLineTest):
    def setUp(self):
        for left in self.dir.iterdir():
            if left.is_file():
                left.unlink()

    def config(self, **changes):
        return self.write("c.json", json.dumps({**CONFIG, **WITHOUT_END, **changes}))

    def data(self, name, count, seed, change=lambda made: made):
        return self.write(name, csv(change(rows(count, seed))))

    def train(self, out, *args, threads=1):
        return run("train", *args, "--out", self.dir / out, "--threads", threads)

    def trained(self, out, *args, **options):
        done = self.train(out, *args, **options)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return self.dir / out

    def log(self, out):
        return [json.loads(line) for line in (self.dir / (out + ".jsonl")).read_text().splitlines()]

    # 5 epochs against 3 + 2

    def test_three_and_two_are_five(self):
        """Every kind of optimizer, schedules without an end."""
        files = ["--train", self.data("t.csv", 400, 1)]
        for changes in [{}, {"kind": "adagrad"}, {"kind": "sgd"}, {"kind": "adamw"}, {"kind": "muon"}]:
            with self.subTest(changes):
                train = {**WITHOUT_END["train"], "optimizer": {"kind": "adam", "rate": 0.01, **changes}}
                config = self.config(train=train)
                five = self.trained("five", config, *files, "--restart")
                self.trained("three", config, *files, "--set", "train.epochs=3", "--keep-state")
                both = self.trained("both", "--from", self.dir / "three.state", *files, "--set", "train.epochs=2", threads=2)
                self.assertEqual(parameters(both), parameters(five))
                self.assertEqual([line["epoch"] for line in self.log("both") if "epoch" in line], [0, 4, 5])
                self.assertEqual([line["loss"] for line in self.log("both") if line.get("epoch", 0) > 3],
                                 [line["loss"] for line in self.log("five") if line.get("epoch", 0) > 3])
                # From the model alone the optimizer forgets, and the order of rows begins anew.
                other = self.trained("other", "--from", self.dir / "three", *files, "--set", "train.epochs=2")
                self.assertNotEqual(parameters(other), parameters(five))
                self.assertEqual(set(parameters(other)), set(parameters(five)))

    def test_inverse_sqrt_knows_no_end_and_cosine_does(self):
        files = ["--train", self.data("t.csv", 300, 1)]
        for kind, same in [("inverse_sqrt", True), ("cosine", False)]:
            with self.subTest(kind):
                train = {**WITHOUT_END["train"], "schedule": {"kind": kind, "warmup": 0}}
                config = self.config(train=train)
                five = self.trained("five", config, *files, "--restart")
                self.trained("three", config, *files, "--set", "train.epochs=3", "--keep-state")
                both = self.trained("both", config, "--from", self.dir / "three.state", *files, "--set", "train.epochs=2")
                self.assertEqual(parameters(both) == parameters(five), same)

    def test_one_one_and_three_are_five(self):
        config, files = self.config(), ["--train", self.data("t.csv", 300, 1)]
        five = self.trained("five", config, *files)
        self.trained("a", config, *files, "--set", "train.epochs=1", "--keep-state")
        self.trained("b", "--from", self.dir / "a.state", *files, "--keep-state")
        last = self.trained("e", "--from", self.dir / "b.state", *files, "--set", "train.epochs=3")
        self.assertEqual(parameters(last), parameters(five))

    # new data

    def test_vocabularies_grow_and_old_rows_keep_their_bytes(self):
        old = self.data("old.csv", 400, 1)
        renamed = lambda made: with_column(with_column(made, "movie", lambda row: "n" + row["movie"]),
                                           "shop", lambda row: str(int(row["shop"]) + 1000))
        new = self.data("new.csv", 300, 2, renamed)
        for state in ("", ".state"):
            with self.subTest(state):
                first = self.trained("first", self.config(), "--train", old, "--keep-state", "--restart")
                before_bytes = first.read_bytes()
                grown = self.trained("grown", "--from", str(first) + state, "--train", new, "--set", "train.epochs=2")
                self.assertEqual(first.read_bytes(), before_bytes)
                metadata, before = read_tensors(first)
                after = read_tensors(grown)[1]
                ends = len(before["encoder.movie.vocab.ends"][2])
                self.assertEqual(after["encoder.movie.vocab.ends"][2][:ends], before["encoder.movie.vocab.ends"][2])
                self.assertEqual(len(after["encoder.movie.vocab.ends"][2]), ends + 20)
                words = bytes(after["encoder.movie.vocab.bytes"][2])
                self.assertTrue(words.startswith(bytes(before["encoder.movie.vocab.bytes"][2])))
                for name in ("encoder.age.statistics", "encoder.price.edges"):
                    self.assertEqual(after[name], before[name])
                width = 3
                table = "embedding.movie.weight"
                self.assertEqual(after[table][1], [1 + ends + 20, width])
                self.assertEqual(after[table][2][width:(1 + ends) * width], before[table][2][width:])  # but row 0
                self.assertNotEqual(after[table][2][(1 + ends) * width:], (0.0,) * 20 * width)
                # Rows of the hash table that the first run touched and the second did not.
                seen = bytes(before["encoder.shop.seen"][2])
                both = bytes(after["encoder.shop.seen"][2])
                self.assertTrue(all(x & y == x for x, y in zip(seen, both)))
                touched = {row for row in range(500) if seen[row // 8] >> row % 8 & 1}
                shops = before["embedding.shop.weight"][2], after["embedding.shop.weight"][2]
                same = [row for row in touched if shops[0][3 * row:3 * row + 3] == shops[1][3 * row:3 * row + 3]]
                self.assertGreater(len(same), 30)
                self.assertEqual([x + 300 for x in before["encoder.movie.counts"][2][:1]],
                                 list(after["encoder.movie.counts"][2][:1]))
                # What the first knew is not unknown now, nor is what the second learnt.
                for data in (old, new):
                    told = self.succeed("eval", grown, "--data", data).stderr.decode()
                    self.assertNotIn("unknown", told)

    def test_rows_that_no_run_touched_hold_the_mean(self):
        old, new = self.data("old.csv", 300, 1), self.data("new.csv", 300, 2)
        first = self.trained("first", self.config(), "--train", old, "--keep-state")
        grown = self.trained("grown", "--from", self.dir / "first.state", "--train", new)
        after = read_tensors(grown)[1]
        seen = bytes(after["encoder.shop.seen"][2])
        table = after["embedding.shop.weight"][2]
        untouched = {table[3 * row:3 * row + 3] for row in range(500) if not seen[row // 8] >> row % 8 & 1}
        self.assertEqual(len(untouched), 1)
        self.assertLess(max(map(abs, untouched.pop())), 1)
        self.assertTrue(first.exists())

    def test_rare_new_words_stay_unknown(self):
        fields = [{**CONFIG["fields"][0], "min_count": 3}, *CONFIG["fields"][1:]]
        config = self.config(fields=fields)
        first = self.trained("first", config, "--train", self.data("old.csv", 400, 1))
        words = iter(["twice", "twice", "thrice", "thrice", "thrice"])
        change = lambda made: [{**row, "movie": next(words, row["movie"])} for row in made]
        grown = self.trained("grown", config, "--from", first, "--train", self.data("new.csv", 300, 2, change))
        text = bytes(read_tensors(grown)[1]["encoder.movie.vocab.bytes"][2])
        self.assertTrue(text.endswith(b"thrice"))
        self.assertNotIn(b"twice", text)

    def test_heads_are_not_put_at_base_rates(self):
        config = self.config()
        first = self.trained("first", config, "--train", self.data("old.csv", 400, 1))
        all_clicks = self.data("new.csv", 200, 2, lambda made: with_column(made[:-1], "click", 1) + made[-1:])
        self.trained("grown", config, "--from", first, "--train", all_clicks, "--set", "train.epochs=1")
        self.assertNotIn("base_rates", self.log("grown")[1])
        self.assertIn("base_rates", self.log("first")[1])

    def test_it_goes_on_learning(self):
        config, valid = self.config(), self.data("v.csv", 400, 9)
        first = self.trained("first", config, "--train", self.data("old.csv", 200, 1), "--set", "train.epochs=1")
        better = self.trained("better", config, "--from", first, "--train", self.data("new.csv", 1500, 2), "--valid", valid)
        auc = lambda model: json.loads(self.succeed("eval", model, "--data", valid, "--json").stdout)["tasks"]["click"]["auc"]
        self.assertGreater(auc(better), auc(first) + 0.02)

    # what is refused

    def test_another_config_is_refused_by_the_first_difference(self):
        data = self.data("t.csv", 200, 1)
        first = self.trained("first", self.config(), "--train", data, "--keep-state", "--set", "train.epochs=1")
        for change, name in [({"tower": [5]}, r"tower"), ({"sharing": []}, "sharing"),
                             ({"cross": {"layers": 2}}, r"cross\.layers"), ({"transfer": "none"}, "transfer"),
                             ({"fields": CONFIG["fields"][:4]}, "fields"), ({"probability": "independent"}, "probability"),
                             ({"tasks": [{"name": "click", "label": "buy"}, {"name": "buy", "label": "click", "after": "click"}]},
                              r"tasks\[0\]\.label"),
                             ({"fields": [{**CONFIG["fields"][0], "min_count": 2}, *CONFIG["fields"][1:]]},
                              r"fields\[0\]\.min_count: 1 there, 2 now")]:
            for file in (first, self.dir / "first.state"):
                with self.subTest(name, file=file.name):
                    done = self.train("new", self.config(**change), "--from", file, "--train", data, "--quiet")
                    self.check_error(done, MODEL, rf"{file.name}: made with another config: {name}")
                    self.assertFalse((self.dir / "new").exists())
        for setting, name in [("train.seed=9", r"train\.seed: 5 there, 9 now"), ("train.optimizer.kind=sgd", "optimizer.kind"),
                              ("train.init_scale=0.5", "init_scale")]:
            done = self.train("new", "--from", self.dir / "first.state", "--train", data, "--set", setting, "--quiet")
            self.check_error(done, MODEL, name)
            self.trained("free", "--from", first, "--train", data, "--set", setting, "--set", "train.epochs=1")
        # How data is written is free, and so is the rest of the training.
        semicolons = self.write("semi.csv", csv(rows(200, 3)).replace(",", ";"))
        self.trained("free", self.config(csv={"separator": ";"}, weight="w"), "--from", self.dir / "first.state", "--train",
                     semicolons, "--set", "train.optimizer.rate=0.001", "--set", "train.batch=16", "--set", "train.dropout=0")

    def test_what_cannot_be_gone_on_from(self):
        data = self.data("t.csv", 200, 1)
        first = self.trained("first", self.config(), "--train", data, "--keep-state", "--set", "train.epochs=1")
        state = self.dir / "first.state"
        damaged = bytearray(state.read_bytes())
        damaged[-100] ^= 1
        for source, code, pattern in [(self.dir / "none", IO, "none"), (data, MODEL, "t.csv"),
                                      (self.write("bad.state", bytes(damaged)), MODEL, "damaged|not finite|NaN|counts|tensor"),
                                      (self.write("short", state.read_bytes()[:-50]), MODEL, "short")]:
            with self.subTest(source.name):
                self.check_error(self.train("new", "--from", source, "--train", data, "--quiet"), code, pattern)
        self.check_error(self.train("new", "--train", data, "--quiet"), USAGE, "CONFIG")
        for source in (first, state):
            self.check_error(self.train(source.name, "--from", source, "--train", data, "--quiet"), USAGE, "file to read")
        # The state of another model, written where a run keeps its own.
        self.check_error(self.train("first", "--from", state, "--train", data, "--keep-state", "--quiet"), USAGE, "first.state")

    def test_a_checkpoint_of_a_run_that_did_not_finish_is_refused(self):
        data = self.data("t.csv", 200, 1)
        process = start("train", self.config(), "--train", data, "--out", self.dir / "m", "--threads", 1, "--quiet", "--set",
                        "train.epochs=100000", "--set", "train.checkpoint_seconds=0")
        self.wait_for_checkpoint(process, self.dir / "m")
        process.send_signal(signal.SIGTERM)
        process.wait()
        done = self.train("new", "--from", self.dir / "m.checkpoint", "--train", data, "--quiet")
        self.check_error(done, MODEL, "m.checkpoint: the run that wrote it has not finished")

    def test_stopped_and_resumed(self):
        data = self.data("t.csv", 600, 1)
        self.trained("first", self.config(), "--train", data, "--keep-state", "--set", "train.epochs=1")
        args = ["--from", self.dir / "first.state", "--train", data, "--set", "train.epochs=60", "--set",
                "train.checkpoint_seconds=0", "--keep-state"]
        whole = self.trained("whole", *args)
        process = start("train", *map(str, args), "--out", self.dir / "parts", "--threads", "1", "--quiet")
        self.wait_for_checkpoint(process, self.dir / "parts")
        process.send_signal(signal.SIGTERM)
        self.assertIn(process.wait(), (0, 143))
        if process.returncode == 143:
            other = self.train("parts", "--from", self.dir / "first", *args[2:], "--resume", "--quiet")
            self.assertEqual(other.returncode, MODEL)
            self.trained("parts", *args, "--resume")
        self.assertEqual((self.dir / "parts").read_bytes(), whole.read_bytes())
        self.assertEqual(read_tensors(self.dir / "parts.state")[1], read_tensors(self.dir / "whole.state")[1])


if __name__ == "__main__":
    unittest.main()

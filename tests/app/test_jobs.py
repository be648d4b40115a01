"""The whole way on a small synthetic log: synth, train, eval, predict, trace, inspect, gradcheck."""

import csv
import gzip
import io
import json
import math
import re
import shutil
import struct
import unittest

import harness
from harness import SMALL_HEADER, CommandLineTest, read_tensors, run, small_csv, small_rows

ROWS = 1000
SMALL_MODEL = ["--set", "cross.layers=1", "--set", 'sharing=[{"shared":8,"private":4}]', "--set", "tower=[4]",
               "--set", "train.epochs=2", "--set", "train.batch=128", "--set", "train.optimizer.kind=adam"]


def exact_auc(scores, labels):
    """Share of (positive, negative) pairs in the right order, ties half: the definition, over ranks."""
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    ranks, at = [0.0] * len(scores), 0
    while at < len(order):
        end = at
        while end < len(order) and scores[order[end]] == scores[order[at]]:
            end += 1
        for i in order[at:end]:
            ranks[i] = (at + 1 + end) / 2
        at = end
    positives = sum(labels)
    rank_sum = sum(rank for rank, label in zip(ranks, labels) if label)
    return (rank_sum - positives * (positives + 1) / 2) / (positives * (len(labels) - positives))


def log_loss(probabilities, labels):
    return -sum(math.log(p if y else 1 - p) for p, y in zip(probabilities, labels)) / len(labels)


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


class Jobs(CommandLineTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls("setUp")
        cls.log = cls.dir / "log"
        self.succeed("synth", cls.log, "--rows", ROWS, "--seed", 3)
        cls.model = cls.dir / "model.safetensors"
        cls.training = self.train(cls.model, "--threads", 1)
        cls.test = cls.log / "test.csv"
        cls.labels = rows_of(cls.test.read_text())
        self.succeed("predict", cls.model, "--data", cls.test, "--out", cls.dir / "p.csv")
        cls.predictions = (cls.dir / "p.csv").read_bytes()

    def train(self, model, *extra):
        return self.succeed("train", self.log / "config.json", "--train", self.log / "train.csv", "--valid",
                            self.log / "valid.csv", "--out", model, *SMALL_MODEL, *extra)

    def predict(self, data, *extra, **options):
        return self.succeed("predict", self.model, "--data", data, "--out", "-", *extra, **options).stdout

    # synth

    def test_synth_sizes_and_columns(self):
        for name, rows in (("train", ROWS), ("valid", ROWS // 8), ("test", ROWS // 8)):
            text = (self.log / f"{name}.csv").read_text()
            self.assertEqual(text.count("\n"), rows + 1)
            for row in rows_of(text):
                self.assertIn(row["click"] + row["consume"], ("00", "10", "11"))
                self.assertLessEqual(float(row["true_consume"]), float(row["true_click"]))

    def test_synth_is_a_function_of_its_options(self):
        for name, options in (("same", ["--seed", 3]), ("seed", ["--seed", 4]),
                              ("correlation", ["--seed", 3, "--correlation", 0.9]),
                              ("missing", ["--seed", 3, "--missing-consume", 0.5])):
            self.succeed("synth", self.dir / name, "--rows", ROWS, *options)
            same = (self.dir / name / "train.csv").read_bytes() == (self.log / "train.csv").read_bytes()
            self.assertEqual(same, name == "same", name)
        missing = [row["consume"] == "" for row in rows_of((self.dir / "missing/train.csv").read_text())]
        self.assertTrue(0.4 < sum(missing) / ROWS < 0.6)

    # train

    def test_train_says_what_it_does(self):
        self.assertEqual(self.training.stdout, b"")
        text = self.training.stderr.decode()
        self.assertNotIn("\x1b", text)
        self.assertNotIn("\r", text)
        for pattern in (r"(?m)^reading", r"2 epochs of 1,000 rows", r"(?m)^epoch 1/2  loss \d", r"(?m)^epoch 2/2  loss",
                        r"(?m)^  task +AUC +log loss +ECE$", r"(?m)^  click +0\.\d+ +0\.\d+ +0\.\d+$", "best so far",
                        r"kept epoch [12] of 2; model .*model\.safetensors"):
            self.assertRegex(text, pattern)

    def test_train_log(self):
        lines = [json.loads(line) for line in (self.dir / "model.safetensors.jsonl").read_text().splitlines()]
        self.assertEqual(lines[0]["config"]["train"]["epochs"], 2)
        epochs = [line for line in lines if "epoch" in line]
        self.assertEqual([line["epoch"] for line in epochs], [0, 1, 2])
        self.assertLessEqual({"loss", "base_rates"}, set(epochs[0]))
        for line in epochs[1:]:
            self.assertGreater(line["rows_per_second"], 0)
            for task in ("click", "consume"):
                self.assertLessEqual({"auc", "logloss", "ece"}, set(line["valid"][task]))
        self.assertEqual(lines[-1]["stopped"], "finished")
        self.assertFalse((self.dir / "model.safetensors.checkpoint").exists())

    def test_train_gives_the_same_bytes(self):
        want = self.model.read_bytes()
        self.assertNotIn(str(self.dir).encode(), want)
        for name, extra in (("threads", ["--threads", 2]), ("cached", ["--cache", f"{self.model}.cache", "--threads", 1]),
                            ("seed", ["--seed", 1]), ("gzip", [])):
            model = self.dir / f"again-{name}"
            if name == "gzip":
                packed = self.dir / "train.csv.gz"
                packed.write_bytes(gzip.compress((self.log / "train.csv").read_bytes()))
                self.succeed("train", self.log / "config.json", "--train", packed, "--valid", self.log / "valid.csv",
                             "--out", model, *SMALL_MODEL)
            else:
                self.train(model, *extra)
            self.assertEqual(model.read_bytes(), want, name)

    def test_train_seed_and_set(self):
        self.train(self.dir / "seed7", "--seed", 7)
        self.train(self.dir / "set7", "--set", "train.seed=7")
        self.assertEqual((self.dir / "seed7").read_bytes(), (self.dir / "set7").read_bytes())
        self.assertNotEqual((self.dir / "seed7").read_bytes(), self.model.read_bytes())
        config = json.loads(read_tensors(self.dir / "seed7")[0]["dcrnn"])
        self.assertEqual((config["train"]["seed"], config["format"], config["tower"]), (7, 1, [4]))

    def test_train_without_validation_keeps_the_last_epoch(self):
        done = self.succeed("train", self.log / "config.json", "--train", self.log / "train.csv", "--out",
                            self.dir / "blind", *SMALL_MODEL)
        self.assertRegex(done.stderr.decode(), r"(?s)no validation file.*kept epoch 2 of 2")

    def test_train_replaces_a_model_and_follows_a_link(self):
        target, link = self.dir / "target", self.dir / "link"
        target.write_bytes(b"old")
        link.symlink_to(target)
        self.train(link)
        self.assertTrue(link.is_symlink())
        self.assertEqual(target.read_bytes(), self.model.read_bytes())

    def test_quiet(self):
        done = self.train_small(self.dir / "quiet")
        self.assertEqual((done.stdout, done.stderr), (b"", b""))

    # eval

    def check_counterfactual(self, got, predicted):
        """P(consume | click) where nobody clicked, by the definition over pairs."""
        p, q = [], []
        for guess, row in zip(predicted, self.labels):
            if row["click"] == "0":
                p.append(float(guess["p_consume"]) / float(guess["p_click"]))
                q.append(float(row["true_consume"]) / float(row["true_click"]))
        self.assertAlmostEqual(got["counterfactual_bias"], sum(p) / len(p) - sum(q) / len(q), places=5)
        for scores, name in [(p, "counterfactual_auc"), (q, "counterfactual_truth_auc")]:
            right = sum(a * (1 - b) * ((x > y) + 0.5 * (x == y))
                        for x, a in zip(scores, q) for y, b in zip(scores, q))
            self.assertAlmostEqual(got[name], right / sum(q) / (len(q) - sum(q)), places=5)

    def test_eval_json(self):
        done = self.succeed("eval", self.model, "--data", self.test, "--json")
        report = json.loads(done.stdout)
        self.assertEqual((set(report), report["rows"], done.stdout.count(b"\n")), ({"rows", "tasks"}, ROWS // 8, 1))
        predicted = rows_of(self.predictions.decode())
        for task, extra in (("click", set()), ("consume", {"auc_given_parent", "counterfactual_bias",
                                                                    "counterfactual_auc", "counterfactual_truth_auc"})):
            got = report["tasks"][task]
            self.assertEqual(set(got), {"auc", "logloss", "ece", "positives", "rows", "mean_prediction", "mean_label",
                                        "truth_auc", "gap"} | extra)
            labels = [int(row[task]) for row in self.labels]
            scores = [float(row[f"p_{task}"]) for row in predicted]
            truth = [float(row[f"true_{task}"]) for row in self.labels]
            self.assertEqual((got["rows"], got["positives"]), (len(labels), sum(labels)))
            self.assertAlmostEqual(got["auc"], exact_auc(scores, labels), places=9)
            self.assertAlmostEqual(got["truth_auc"], exact_auc(truth, labels), places=9)
            self.assertAlmostEqual(got["gap"], got["truth_auc"] - got["auc"], places=9)
            self.assertAlmostEqual(got["logloss"], log_loss(scores, labels), places=5)
            self.assertAlmostEqual(got["mean_prediction"], sum(scores) / len(scores), places=5)
            self.assertAlmostEqual(got["mean_label"], sum(labels) / len(labels), places=9)
        self.check_counterfactual(report["tasks"]["consume"], predicted)
        clicked = [i for i, row in enumerate(self.labels) if row["click"] == "1"]
        conditional = [float(predicted[i]["p_consume"]) / float(predicted[i]["p_click"]) for i in clicked]
        self.assertAlmostEqual(report["tasks"]["consume"]["auc_given_parent"],
                               exact_auc(conditional, [int(self.labels[i]["consume"]) for i in clicked]), places=3)

    def test_eval_table_and_pipe(self):
        from_file = self.succeed("eval", self.model, "--data", self.test).stdout
        self.assertEqual(self.succeed("eval", self.model, "--data", "-", stdin=self.test.read_bytes()).stdout, from_file)
        self.assertRegex(from_file.decode(), r"(?s)125 rows\ntask +rows +positives.*\nclick +125 .*\nconsume +125 ")

    def test_eval_undefined_is_null(self):
        rows = [row for row in self.test.read_text().splitlines()]
        click = rows[0].split(",").index("click")
        clicked = [rows[0]] + [row for row in rows[1:] if row.split(",")[click] == "1"]
        data = self.write("clicked.csv", "\n".join(clicked) + "\n")
        report = json.loads(self.succeed("eval", self.model, "--data", data, "--json").stdout)
        self.assertIsNone(report["tasks"]["click"]["auc"])
        self.assertIsNone(report["tasks"]["click"]["gap"])
        self.assertIsNotNone(report["tasks"]["consume"]["auc"])

    # predict

    def test_predict_rows_and_header(self):
        lines = self.predictions.decode().splitlines()
        self.assertEqual((lines[0], len(lines)), ("p_click,p_consume", ROWS // 8 + 1))
        for line in lines[1:]:
            for text in line.split(","):
                value = struct.unpack("f", struct.pack("f", float(text)))[0]
                self.assertTrue(0 <= value <= 1)
                self.assertLessEqual(len(text), 15)  # the shortest text of a float has at most 9 digits
            click, consume = map(float, line.split(","))
            self.assertLessEqual(consume, click)

    def test_predict_order(self):
        header, *rows = self.test.read_text().splitlines()
        reversed_rows = self.predict("-", stdin="\n".join([header, *rows[::-1]]).encode()).splitlines()
        self.assertEqual(reversed_rows[1:][::-1], self.predictions.splitlines()[1:])

    def test_predict_through_pipes_and_gzip(self):
        data = self.test.read_bytes()
        self.assertEqual(self.predict("-", stdin=data), self.predictions)
        self.assertEqual(self.predict("-", stdin=gzip.compress(data)), self.predictions)
        out = self.dir / "piped.csv"
        self.succeed("predict", self.model, "--data", "-", "--out", out, stdin=data)
        self.assertEqual(out.read_bytes(), self.predictions)

    def test_predict_is_the_same_for_any_threads_and_batch(self):
        for threads in (1, 2):
            for batch in (1, 7, 64, 1024):
                got = self.predict(self.test, "--threads", threads, "--batch", batch)
                self.assertEqual(got, self.predictions, (threads, batch))

    def test_predict_needs_no_labels(self):
        table = [row.split(",") for row in self.test.read_text().splitlines()]
        kept = [i for i, name in enumerate(table[0]) if not re.search("click|consume", name)]
        text = "".join(",".join(row[i] for i in kept) + "\n" for row in table)
        self.assertEqual(self.predict("-", stdin=text.encode()), self.predictions)

    def test_predict_on_a_header_and_on_unseen_values(self):
        header = self.test.read_text().splitlines()[0]
        self.assertEqual(self.predict("-", stdin=header.encode()), b"p_click,p_consume\n")
        unseen = self.labels[0] | {"user_id": "nobody", "country": "", "age": ""}
        text = ",".join(unseen) + "\n" + ",".join(unseen.values()) + "\n"
        self.assertEqual(self.predict("-", stdin=text.encode()).count(b"\n"), 2)

    def test_predict_with_every_instruction_set(self):
        want = [float(x) for x in re.findall(rb"[0-9][0-9.e-]*", self.predictions)]
        for isa in harness.instruction_sets():
            for done in (self.predict(self.test, "--isa", isa), self.predict(self.test, env={"DCRNN_ISA": isa})):
                got = [float(x) for x in re.findall(rb"[0-9][0-9.e-]*", done)]
                self.assertEqual(len(got), len(want))
                self.assertLess(max(abs(g - w) for g, w in zip(got, want)), 1e-5, isa)

    # trace, inspect, gradcheck

    def test_trace(self):
        predicted = [float(x) for line in self.predictions.decode().splitlines()[1:] for x in line.split(",")]
        for precision, dtype in (("f32", "F32"), ("f64", "F64")):
            out = self.dir / precision
            self.succeed("trace", self.model, "--data", self.test, "--out", out, "--precision", precision)
            tensors = read_tensors(out)[1]
            self.assertEqual({entry[0] for entry in tensors.values()}, {dtype})
            self.assertEqual(tensors["probability"][1], [ROWS // 8, 2])
            worst = max(abs(a - b) for a, b in zip(tensors["probability"][2], predicted))
            self.assertLess(worst, 1e-5)
            parameters = {name for name in read_tensors(self.model)[1] if not name.startswith("encoder.")}
            self.assertLessEqual({f"grad.{name}" for name in parameters} | {"grad.x0", "loss", "loss.total"}, set(tensors))

    def test_trace_gradients_adds_tensors_and_changes_none(self):
        plain, full = self.dir / "plain", self.dir / "full"
        self.succeed("trace", self.model, "--data", self.test, "--out", plain, "--precision", "f64")
        self.succeed("trace", self.model, "--data", self.test, "--out", full, "--precision", "f64", "--gradients")
        plain, full = read_tensors(plain)[1], read_tensors(full)[1]
        self.assertEqual({name: full[name] for name in plain}, plain)
        values = {name for name in plain if not name.startswith(("grad.", "loss", "probability"))}
        self.assertEqual(set(full) - set(plain), {f"grad.{name}" for name in values} - {"grad.x0"})
        for name in values:
            self.assertEqual(full[f"grad.{name}"][:2], full[name][:2], name)

    def test_trace_without_labels_is_forward_only(self):
        text = re.sub("click|consume", "other", self.test.read_text().splitlines()[0]).split(",")
        header = ",".join(f"{name}{i}" if name.startswith(("other", "true")) else name for i, name in enumerate(text))
        data = self.write("unlabelled.csv", "\n".join([header, *self.test.read_text().splitlines()[1:]]) + "\n")
        self.succeed("trace", self.model, "--data", data, "--out", self.dir / "forward")
        names = set(read_tensors(self.dir / "forward")[1])
        self.assertIn("logit", names)
        self.assertFalse({name for name in names if name.startswith(("grad.", "loss"))})

    def test_inspect(self):
        tensors = read_tensors(self.model)[1]
        report = json.loads(self.succeed("inspect", self.model, "--json").stdout)
        listed = {entry["name"]: entry for entry in report["parameters"] + report["encoders"]}
        self.assertEqual(set(listed), set(tensors))
        for name, (dtype, shape, values) in tensors.items():
            size = {"F32": 4, "F64": 8, "U8": 1, "U64": 8}[dtype]
            self.assertEqual((listed[name]["shape"], listed[name]["count"], listed[name]["bytes"]),
                             (shape, len(values), size * len(values)))
        count = sum(len(values) for name, (_, _, values) in tensors.items() if not name.startswith("encoder."))
        self.assertEqual((report["parameter_count"], report["parameter_bytes"]), (count, 4 * count))
        self.assertEqual(report["tasks"], ["click", "consume"])
        self.assertEqual(report["config"]["tower"], [4])
        self.assertGreater(report["forward_flops_per_row"], 0)
        text = self.succeed("inspect", self.model).stdout.decode()
        for name in tensors:
            self.assertIn(name, text)

    def test_gradcheck(self):
        config = self.write_config("check.json", lambda c: c.update(train={"dropout": 0.2}))
        report = json.loads(self.succeed("gradcheck", config, "--json").stdout)
        self.assertTrue(report["ok"])
        names = {line["name"] for line in report["tensors"]}
        self.assertLessEqual({"x0", "cross.weight_hh", "embedding.kind.weight", "transfer.consume.bias_hh"}, names)
        self.assertTrue(all(line["ok"] and line["worst_error"] <= report["tolerance"] for line in report["tensors"]))
        table = self.succeed("gradcheck", config, "--seed", 2, "--rows", 3, "--elements", 2).stdout.decode()
        self.assertRegex(table, r"(?m)^tower\.click\.0\.weight .* ok$")

    # help

    def test_help_lists_every_option(self):
        shared = ["--threads", "--isa", "--help"]
        options = {"synth": ["--rows", "--correlation", "--seed", "--missing-consume"],
                   "check": ["--train", "--valid", "--set", "--scratch", "--json"],
                   "train": ["--train", "--valid", "--out", "--resume", "--set", "--seed", "--cache", "--quiet",
                             "--from", "--keep-state"],
                   "compare": ["--train", "--valid", "--test", "--models", "--seeds", "--set", "--show", "--out"],
                   "eval": ["--data", "--json", "--batch"], "predict": ["--data", "--out", "--batch"],
                   "trace": ["--data", "--out", "--precision"], "gradcheck": ["--seed", "--rows", "--elements", "--json"],
                   "inspect": ["--json"]}
        overview = self.succeed("--help").stdout.decode()
        for name, own in options.items():
            self.assertIn(name, overview)
            text = self.succeed(name, "--help").stdout.decode()
            self.assertIn(f"dcrnn {name}", text)
            for option in own + shared:
                self.assertIn(option, text, name)
        self.assertIn("1024", self.succeed("predict", "--help").stdout.decode())

    def test_version(self):
        text = self.succeed("--version").stdout.decode()
        self.assertRegex(text, r"^dcrnn \d+\.\d+\.\d+\ncommit: \S+\ninstruction sets: reference.*\nchosen: \w+\n$")
        self.assertRegex(self.succeed("--version", env={"DCRNN_ISA": "reference"}).stdout.decode(), "chosen: reference\n")

    def test_config_reference(self):
        self.assertIn(b"checkpoint_seconds", self.succeed("config-reference").stdout)

    def test_small_config_end_to_end(self):
        model = self.dir / "small"
        self.train_small(model)
        out = self.succeed("predict", model, "--data", "-", "--out", "-", stdin=small_csv(small_rows(5)).encode()).stdout
        self.assertEqual(out.count(b"\n"), 6)
        moved = self.dir / "elsewhere"
        moved.mkdir()
        shutil.move(model, moved / "m")  # the model alone predicts
        again = self.succeed("predict", moved / "m", "--data", "-", "--out", "-", stdin=small_csv(small_rows(5)).encode())
        self.assertEqual(again.stdout, out)

    def test_quoted_cells(self):
        model = self.dir / "quoted"
        self.train_small(model)
        plain = run("predict", model, "--data", "-", "--out", "-", stdin=small_csv(small_rows(3)).encode()).stdout
        quoted = '"' + '","'.join(SMALL_HEADER.split(",")) + '"\r\n'
        quoted += "".join('"' + '","'.join(row) + '"\r\n' for row in small_rows(3))
        got = self.succeed("predict", model, "--data", "-", "--out", "-", stdin=b"\xef\xbb\xbf" + quoted.encode()).stdout
        self.assertEqual(got, plain)


if __name__ == "__main__":
    unittest.main()

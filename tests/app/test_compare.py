"""compare: rows under one protocol, going on, and what it refuses."""

import csv
import json
import math
import os
import random
import resource
import signal
import statistics
import subprocess
import threading
import unittest
import xml.etree.ElementTree

import harness
from harness import SMALL_CONFIG, CommandLineTest, run, small_csv, small_rows

DATA, MODEL, IO = 3, 4, 5


def without_times(table):
    table = json.loads(table)
    for row in table["rows"].values():
        row.pop("training_rows_per_second", None)
        row.pop("scoring_us", None)
    return table


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

    def table(self, out):
        return (self.dir / out / "table.json").read_text()

    def outside(self, name, lines):
        self.write(name, "".join(line + "\n" for line in lines))
        return f"{name.split('.')[0]}={self.dir / name}"

    def test_every_row_is_trained_and_told(self):
        done = self.compare("all", "--seeds", "1")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertIn("one seed: no test", done.stdout.decode())
        table = json.loads((self.dir / "all" / "table.json").read_text())
        self.assertEqual(len(table["rows"]), 14)
        for name, row in table["rows"].items():
            for task, figures in row["tasks"].items():
                self.assertEqual(len(figures["auc"]), 1, (name, task))
                self.assertFalse(figures["best"])
            self.assertEqual(len(row["tasks"]["consume"]["auc_given_parent"]), 1, name)
            self.assertEqual(row["tasks"]["click"]["auc_given_parent"], [])
            self.assertEqual(len(row["training_rows_per_second"]), 1)
            self.assertGreater(row["scoring_us"][0], 0)
        # One reading of each file, whatever the tasks of a model.
        self.assertEqual(len(list((self.dir / "all" / "cache").iterdir())), 2)

    def test_the_test_data_are_read_once(self):
        pipe = self.dir / "test.pipe"
        os.mkfifo(pipe)
        threading.Thread(target=lambda: pipe.write_text((self.dir / "test.csv").read_text()), daemon=True).start()
        files = [pipe if item == self.dir / "test.csv" else item for item in self.files]
        arguments = ["compare", self.dir / "config.json", *files, "--models", "independent,hard,dcrnn", "--seeds", "2", "--out",
                     self.dir / "once"]
        # A second reading would wait for a second writer.
        done = subprocess.run(harness.command(arguments), env=harness.environment(), capture_output=True, check=False,
                              timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr.decode())

    def test_given_the_parent_rows_have_their_weights(self):
        draw = random.Random(3)
        rows = small_rows(400, 4)
        for row in rows:
            row[5] = draw.choice(["0", "0.25", "1", "3"])
        (self.dir / "weighted.csv").write_text(small_csv(rows))
        out = self.dir / "weighted"
        files = [self.dir / "weighted.csv" if item == self.dir / "test.csv" else item for item in self.files]
        done = run("compare", self.dir / "config.json", *files, "--models", "hard,esmm,independent", "--seeds", "1", "--out",
                   out)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        table = json.loads((out / "table.json").read_text())["rows"]

        def p(model, task):
            self.succeed("predict", model, "--data", self.dir / "weighted.csv", "--out", self.dir / "p.csv")
            with open(self.dir / "p.csv", encoding="utf-8") as predicted:
                return [float(row[f"p_{task}"]) for row in csv.DictReader(predicted)]

        for name, parts in [("hard", ["", ""]), ("esmm", ["", ""]), ("independent", [".click", ".consume"])]:
            parent, child = (p(out / f"{name}{part}.1.model", task) for part, task in zip(parts, ["click", "consume"]))
            clicked = [(a, b, float(row[5]), row[7] == "1") for a, b, row in zip(parent, child, rows) if row[6] == "1"]
            told = table[name]["tasks"]["consume"]
            for figure, score in [("auc_given_parent", lambda a, b: b / a), ("auc_given_parent_by_child", lambda a, b: b)]:
                pairs = [(score(*x[:2]) - score(*y[:2]), x[2] * y[2]) for x in clicked if x[3] for y in clicked if not y[3]]
                auc = sum(w * ((d > 0) + 0.5 * (d == 0)) for d, w in pairs) / sum(w for _, w in pairs)
                if name == "esmm" and figure == "auc_given_parent":  # by its own logit, whose ties the ratio breaks
                    auc = json.loads(self.succeed("eval", out / "esmm.1.model", "--data", self.dir / "weighted.csv",
                                                  "--json").stdout)["tasks"]["consume"][figure]
                self.assertAlmostEqual(told[figure][0], auc, places=12, msg=(name, figure))

    def test_dial(self):
        turn = ("compare", "--dial", "--rows", 200, "--seeds", 2, "--models", "independent,partial", "--threads", 1, "--out")
        done = self.succeed(*turn, self.dir / "dial")
        lines = (self.dir / "dial" / "dial.csv").read_text().splitlines()
        self.assertEqual(len(lines), 1 + 5 * 2 * 4)  # correlations, rows, figures
        xml.etree.ElementTree.parse(self.dir / "dial" / "dial.svg")
        told = json.loads(self.succeed("eval", self.dir / "dial" / "0.25.1" / "models" / "partial.1.model", "--data",
                                       self.dir / "dial" / "0.25.1" / "test.csv", "--json").stdout)["tasks"]["consume"]
        first = told["counterfactual_truth_auc"] - told["counterfactual_auc"]
        (mean, deviation) = next(map(float, line.split(",")[3:5]) for line in lines
                                 if line.startswith("0.25,partial,counterfactual_gap,"))
        self.assertAlmostEqual(abs(first - mean), deviation / 2 ** 0.5, places=9)  # of two seeds
        again = self.succeed(*turn, self.dir / "dial")
        self.assertEqual(again.stdout, done.stdout)
        self.assertEqual((self.dir / "dial" / "dial.csv").read_text().splitlines(), lines)
        self.check_error(run(*turn[:3], 300, *turn[4:], self.dir / "dial"), MODEL, "--rows: 200 there, 300 here")
        self.check_error(run("compare", self.dir / "config.json", "--dial", "--out", "x"), 2, "--dial")
        self.check_error(run(*turn, self.dir / "dial", "--report", "x.html"), 2, "--report: found it beside --dial")

    def test_sizes_are_equal_or_marked(self):
        wide = ["--set", 'sharing=[{"shared":40,"private":20}]', "--set", "tower=[20]", "--seeds", "1"]
        for equal, size in [("parameters", "parameters"), ("flops", "flops_per_row")]:
            done = self.compare(equal, *wide, "--equal", equal)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            rows = json.loads(self.table(equal))["rows"]
            wanted = rows["dcrnn"][size]
            for name, row in rows.items():
                self.assertEqual(row["equal"], abs(row[size] - wanted) <= 0.02 * wanted, (equal, name))
                self.assertEqual(row["equal"], name != "linear", (equal, name))
            self.assertIn("! not of that size", done.stdout.decode())
        self.assertEqual(self.compare("none", *wide, "--equal", "none", "--models", "ple").returncode, 0)
        self.assertLess(json.loads(self.table("none"))["rows"]["ple"]["parameters"], 0.98 * wanted)

    def test_figures_are_those_of_eval(self):
        self.assertEqual(self.compare("eval", "--models", "esmm", "--seeds", "1", "--set", "group=kind").returncode, 0)
        told = json.loads(self.succeed("eval", self.dir / "eval" / "esmm.1.model", "--data", self.dir / "test.csv",
                                       "--json").stdout)["tasks"]
        row = json.loads(self.table("eval"))["rows"]["esmm"]["tasks"]
        for task, figures in told.items():
            for figure in ["auc", "logloss", "ece", "gauc"]:
                self.assertEqual(row[task][figure], [figures[figure]], (task, figure))
        self.assertAlmostEqual(row["consume"]["auc_given_parent"][0], told["consume"]["auc_given_parent"], places=12)

    def test_predictions_from_outside(self):
        rows = ["--models", "hard,esmm", "--seeds", "2"]
        self.assertEqual(self.compare("outside", *rows).returncode, 0)
        files = []
        for seed in [1, 2]:
            self.succeed("predict", self.dir / "outside" / f"hard.{seed}.model", "--data", self.dir / "test.csv",
                         "--out", self.dir / f"same.{seed}.csv", "--keep", "user")
            files += ["--outside", f"same={self.dir / f'same.{seed}.csv'}"]
        one = ["--outside", f"fixed={self.dir / 'same.1.csv'}"]
        self.assertEqual(self.compare("outside", *rows, *files, *one).returncode, 0)
        table = json.loads(self.table("outside"))["rows"]
        self.assertNotIn("parameters", table["same"])
        for task, figures in table["hard"]["tasks"].items():
            for figure in ["auc", "ece", "auc_given_parent", "auc_given_parent_by_child"]:
                self.assertEqual(table["same"]["tasks"][task][figure], figures[figure], (task, figure))
                self.assertEqual(table["fixed"]["tasks"][task][figure], figures[figure][:1] * 2, (task, figure))
            for told, wanted in zip(table["same"]["tasks"][task]["logloss"], figures["logloss"]):
                self.assertAlmostEqual(told, wanted, places=6)

    def test_best_is_what_both_tests_say(self):
        """The p of table.json and the marks, from the definitions."""
        draw, seeds = random.Random(8), 3
        labels = [[int(row[6]), int(row[7])] for row in small_rows(96, 3)]
        logits = {}
        for name, strength, steady, wild in [("strong", 1.2, 1, 0.2), ("alike", 1.2, 1, 0.2), ("weak", 0.1, 1, 0.2),
                                             ("wild", 1, 1, 3)]:
            kept = [[draw.gauss(0, steady) for _ in labels] for _ in range(2)]
            logits[name] = [[[strength * (row[t] - 0.5) * 2 + kept[t][b] + draw.gauss(0, wild) for b, row in
                              enumerate(labels)] for t in range(2)] for _ in range(seeds)]
        files = {}
        for name, values in logits.items():
            files[name] = []
            for seed, tasks in enumerate(values):
                lines = [",".join(repr(1 / (1 + math.exp(-z))) for z in row) for row in zip(*tasks)]
                self.outside(f"{name}.{seed}.csv", ["p_click,p_consume", *lines])
                files[name] += ["--outside", f"{name}={self.dir / f'{name}.{seed}.csv'}"]

        def placements(scores, task):
            positive = [s for s, row in zip(scores, labels) if row[task]]
            negative = [s for s, row in zip(scores, labels) if not row[task]]
            beats = [[(p > n) + 0.5 * (p == n) for n in negative] for p in positive]
            return [statistics.mean(row) for row in beats], [statistics.mean(column) for column in zip(*beats)]

        def delong(first, second, task):
            differences = [[a - b for a, b in zip(*parts)] for parts in zip(placements(first, task), placements(second, task))]
            variance = sum(statistics.variance(part) / len(part) for part in differences)
            return math.erfc(abs(statistics.mean(differences[0])) / math.sqrt(2 * variance))

        def student(first, second):  # two degrees of freedom
            differences = [a - b for a, b in zip(first, second)]
            t = statistics.mean(differences) / (statistics.stdev(differences) / math.sqrt(seeds))
            return 1 - abs(t) / math.sqrt(t * t + 2)

        marks = []
        for names in [["strong", "weak"], ["strong", "alike", "weak", "wild"]]:
            done = self.compare("best", "--models", "hard", "--seeds", seeds, *(item for name in names for item in files[name]))
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            table = json.loads(self.table("best"))
            told = {}
            for seed in range(1, seeds + 1):
                self.succeed("predict", self.dir / "best" / f"hard.{seed}.model", "--data", self.dir / "test.csv", "--out",
                             self.dir / "p.csv")
                with open(self.dir / "p.csv", encoding="utf-8") as predicted:
                    p = [float(row[f"p_{task}"]) for row in csv.DictReader(predicted) for task in ["click", "consume"]]
                told.setdefault("hard", []).append([[math.log(x / (1 - x)) for x in p[t::2]] for t in range(2)])
            told.update({name: logits[name] for name in names})
            family = []
            for t, task in enumerate(["click", "consume"]):
                # Weights of the file are all alike.
                auc = {name: [statistics.mean(placements(seed[t], t)[0]) for seed in told[name]] for name in told}
                mean = {name: [sum(seed[t][b] for seed in told[name]) for b in range(96)] for name in told}
                leader = max(auc, key=lambda name: statistics.mean(auc[name]))
                self.assertTrue(table["rows"][leader]["tasks"][task]["leads"])
                for name in told:
                    if name == leader:
                        continue
                    row = table["rows"][name]["tasks"][task]
                    p = delong(mean[leader], mean[name], t), student(auc[leader], auc[name])
                    self.assertAlmostEqual(row["delong_p"], p[0], places=6, msg=(task, name))
                    self.assertAlmostEqual(row["t_p"], p[1], places=6, msg=(task, name))
                    family.append((max(p), leader, task, row))
            least = 0
            for i, (p, _, _, row) in enumerate(sorted(family, key=lambda entry: entry[0])):
                least = max(least, min(1, p * (len(family) - i)))
                self.assertAlmostEqual(row["corrected_p"], least, places=5)
            self.assertEqual(table["tests"], len(family))
            for t, task in enumerate(["click", "consume"]):
                for name in told:
                    tested = [row["corrected_p"] <= 0.05 for _, leader, of, row in family if of == task and leader == name]
                    self.assertEqual(table["rows"][name]["tasks"][task]["best"], bool(tested) and all(tested), (task, name))
                    marks.append(table["rows"][name]["tasks"][task]["best"])
        self.assertIn(True, marks[:6])
        self.assertNotIn(True, marks[6:])

    def test_bad_predictions_from_outside(self):
        rows = ["--models", "hard", "--seeds", "1"]
        good = ["p_click,p_consume"] + ["0.5,0.25"] * 96
        for lines, pattern in [
                (good[:-1], "found 95 rows of predictions, want 96, those of .*test.csv"),
                (good + good[1:2], "found 97 rows of predictions"),
                (good[:3] + ["1.5,0"] + good[4:], r'bad\.csv:4: .*p_click.*found "1.5", want a probability'),
                (good[:3] + ["0.5,nan"] + good[4:], 'p_consume.*found "nan"'),
                (["p_click,consume"] + good[1:], 'column "p_consume" is missing')]:
            self.check_outcome(self.compare("late", *rows, "--outside", self.outside("bad.csv", lines)), DATA, pattern)
        self.assertTrue((self.dir / "late" / "hard.1.model").exists())
        absent = ["--outside", f"x={self.dir / 'absent.csv'}"]
        self.check_error(self.compare("late", *rows, *absent), IO, "cannot open .*absent.csv: no such file")
        twice = ["--outside", self.outside("two.csv", good)] * 2
        self.check_error(self.compare("late", "--models", "hard", "--seeds", "3", *twice), 2,
                         'outside row "two": found 2 files, want one, or one for each of 3 seeds')
        self.check_error(self.compare("late", *rows, "--outside", "x"), 2, 'found "x", want NAME=FILE')

    def check_outcome(self, done, code, pattern):
        """As check_error, behind what was told of the training."""
        text = done.stderr.decode()
        self.assertEqual(done.returncode, code, text)
        self.assertRegex("\n".join(text.splitlines()[-2:]), f"^error: .*{pattern}.*\nhelp: ")

    def test_search(self):
        rows = ["--models", "independent,hard", "--seeds", "2", "--search", "3"]
        done = self.compare("search", *rows)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        table = json.loads(self.table("search"))
        self.assertEqual(table["search"], 3)
        logs = sorted((self.dir / "search").glob("hard*.1.model.jsonl"))
        self.assertEqual(len(logs), 4)
        means, configs = {}, {}
        for log in logs:
            lines = [json.loads(line) for line in log.read_text().splitlines()]
            best = next(line["best_epoch"] for line in lines if "best_epoch" in line)
            valid = next(line["valid"] for line in lines if line.get("epoch") == best)
            means[log.name] = sum(task["auc"] for task in valid.values()) / len(valid)
            configs[log.name] = json.dumps(lines[0]["config"]["train"])
        self.assertGreater(len(set(configs.values())), 1)
        best = max(means, key=means.get)
        self.assertEqual(len(list((self.dir / "search").glob("hard*.2.model"))), 1)
        self.assertTrue((self.dir / "search" / best.replace(".1.model.jsonl", ".2.model")).exists())
        self.assertEqual(table["rows"]["hard"]["setting"] == "the config's", best == "hard.1.model.jsonl")
        self.assertEqual(self.compare("search", *rows).stdout, done.stdout)
        self.check_outcome(self.compare("search", *rows[:4], "--search", "2"), MODEL, "--search: 3 there, 2 here")

    def test_full_disk(self):
        rows = ["--models", "hard,esmm", "--seeds", "1"]
        self.assertEqual(self.compare("full", *rows[:1], "hard", *rows[2:]).returncode, 0)
        arguments = ["compare", self.dir / "config.json", *self.files, "--out", self.dir / "full", *rows]
        done = subprocess.run(harness.command(arguments), env=harness.environment(), capture_output=True, check=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)))
        self.check_outcome(done, IO, "file too large")
        self.assertTrue((self.dir / "full" / "hard.1.model").exists())
        self.assertEqual(self.compare("full", *rows).returncode, 0)

    def test_stopped_and_started_again(self):
        rows = ["--models", "hard,esmm,ple", "--seeds", "2", "--threads", "2"]
        self.assertEqual(self.compare("whole", *rows).returncode, 0)
        slow = ["compare", self.dir / "config.json", *self.files, "--out", self.dir / "parts", *rows]
        with harness.start(*slow, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run_:
            line = b""
            while b"1/6" not in line:
                line = run_.stderr.readline()
            run_.send_signal(signal.SIGTERM)
            run_.communicate()
        self.assertIn(run_.returncode, [0, 128 + signal.SIGTERM])
        self.assertEqual(self.compare("parts", *rows).returncode, 0)
        self.assertEqual(without_times(self.table("parts")), without_times(self.table("whole")))

    def test_validation_of_one_class(self):
        rows = small_rows(96, 2)
        (self.dir / "one.csv").write_text(small_csv([[*row[:-2], "0", "0"] for row in rows]))
        files = [self.dir / "one.csv" if item == self.dir / "valid.csv" else item for item in self.files]
        done = run("compare", self.dir / "config.json", *files, "--out", self.dir / "one_class", "--models", "hard,ple",
                   "--seeds", "1")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(done.stderr.decode().count("one class is absent"), 1)

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

    def test_so_is_every_row_with_members_and_rates(self):
        config = self.write_config("full.json", lambda config: config.update(
            members=2, wide=True, fields=[*config["fields"], {"name": "user_rate", "type": "rate", "of": ["user"]}]))
        self.succeed("compare", config, *self.files, "--seeds", "1", "--out", self.dir / "full_rows")
        rows = json.loads(self.table("full_rows"))["rows"]
        self.assertEqual(len(rows), 14)
        # What a model of independent knows of a key is of its own task.
        self.assertEqual(len(list((self.dir / "full_rows" / "cache").iterdir())), 3 * 2)
        for row in rows:
            shown = self.succeed("compare", config, "--show", row).stdout.decode().splitlines()
            for one, part in zip(shown, ["", ""] if len(shown) == 1 else [".click", ".consume"]):
                (self.dir / "own.json").write_text(one)
                self.succeed("train", self.dir / "own.json", *self.files[:4], "--seed", "1", "--restart", "--out",
                             self.dir / "own.model")
                self.assertEqual((self.dir / "own.model").read_bytes(),
                                 (self.dir / "full_rows" / f"{row}{part}.1.model").read_bytes(), row + part)

    def test_a_model_beside_a_checkpoint_is_not_trusted(self):
        """A run killed between the two: its log may lack its end."""
        rows = ["--models", "hard", "--seeds", "1", "--set", "train.epochs=40", "--set", "train.checkpoint_seconds=0",
                "--set", "train.early_stopping.patience=0"]
        self.assertEqual(self.compare("unhurt", *rows).returncode, 0)
        with harness.start("compare", self.dir / "config.json", *self.files, "--out", self.dir / "hurt", *rows,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run_:
            checkpoint = self.dir / "hurt" / "hard.1.model.checkpoint"
            self.wait_for_checkpoint(run_, checkpoint.with_suffix(""))
            run_.kill()
        self.assertTrue(checkpoint.exists())
        (self.dir / "hurt" / "hard.1.model").write_bytes((self.dir / "unhurt" / "hard.1.model").read_bytes()[:100])
        self.assertEqual(self.compare("hurt", *rows).returncode, 0)
        self.assertEqual(without_times(self.table("hurt")), without_times(self.table("unhurt")))
        self.assertFalse(checkpoint.exists())

    def test_goes_on_with_the_same_table(self):
        rows = ["--models", "hard,esmm", "--seeds", "2"]
        first = self.compare("again", *rows)
        table = (self.dir / "again" / "table.json").read_bytes()
        kept = self.dir / "again" / "hard.1.model"
        before = kept.stat().st_mtime_ns
        (self.dir / "again" / "esmm.2.model").unlink()
        second = self.compare("again", *rows)
        self.assertEqual(first.returncode, second.returncode)
        self.assertEqual(without_times(self.table("again")), without_times(table))
        third = self.compare("again", *rows)
        self.assertEqual(second.stdout, third.stdout)
        self.assertEqual(kept.stat().st_mtime_ns, before)

    def test_refuses_what_it_cannot_compare(self):
        self.check_error(self.compare("bad", "--models", "hart"), 2, 'no row "hart"; the nearest is "hard"')
        self.check_error(self.compare("bad", "--models", "ple,hard,ple"), 2, 'two rows are called "ple"')
        self.assertFalse((self.dir / "bad").exists())
        self.assertEqual(self.compare("other", "--models", "hard", "--seeds", "1").returncode, 0)
        self.check_error(self.compare("other", "--models", "hard", "--seeds", "1", "--set", "tower=[5]"), 4,
                         r'another comparison: config.tower\[0\]: 3 there, 5 here')
        self.check_error(run("compare", self.dir / "config.json", "--train", "x"), 2, "--valid is required")
        self.check_error(run("compare", self.dir / "config.json", "--show", "hart"), 2, 'no row "hart"')

    def test_a_config_of_ones_own_that_has_changed(self):
        own = self.write_config("own.json")
        self.assertEqual(self.compare("owned", "--models", own, "--seeds", "1").returncode, 0)
        self.assertEqual(self.compare("owned", "--models", own, "--seeds", "1").returncode, 0)
        model = self.dir / "owned" / "own.1.model"
        before = model.read_bytes()
        self.write_config("own.json", lambda config: config.update(tower=[7]))
        self.check_outcome(self.compare("owned", "--models", own, "--seeds", "1"), MODEL,
                           r"own\.1\.model: made with another config: tower\[0\]: 3 there, 7 here")
        self.assertEqual(model.read_bytes(), before)

    def test_what_is_wrong_is_said_before_anything_is_trained(self):
        one_task = self.write_config("one_task.json", lambda config: config.update(tasks=[{"name": "click"}]))
        self.check_error(self.compare("early", "--models", f"hard,{one_task}"), 2, '"one_task": its tasks are not those of')
        absent = ["--train", self.dir / "absent.csv", *self.files[2:], "--out", self.dir / "early"]
        self.check_error(run("compare", self.dir / "config.json", *absent), IO, "cannot open .*absent.csv")
        self.assertFalse((self.dir / "early").exists())
        rows = ["--models", "hard", "--seeds", "1"]
        wrong = self.compare("early", *rows, "--set", "weight=nowhere")
        self.check_outcome(wrong, DATA, 'column "nowhere" is missing')
        self.assertEqual(self.compare("early", *rows).returncode, 0)  # nothing was there to be kept

    def test_without_an_auc_nothing_is_tested(self):
        self.write("nobody.csv", small_csv([[*row[:-2], "0", "0"] for row in small_rows(96, 3)]))
        files = [self.dir / "nobody.csv" if item == self.dir / "test.csv" else item for item in self.files]
        done = run("compare", self.dir / "config.json", *files, "--out", self.dir / "nobody", "--models", "hard,ple",
                   "--seeds", "2")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertIn("no task has an AUC in every row: no test", done.stdout.decode())

    def test_a_test_file_that_cannot_judge_is_found_before_all_is_trained(self):
        self.write("unlabelled.csv", small_csv(small_rows(8), "user,kind,tags,age,price,w,click,bought"))
        files = [self.dir / "unlabelled.csv" if item == self.dir / "test.csv" else item for item in self.files]
        self.check_outcome(run("compare", self.dir / "config.json", *files, "--out", self.dir / "unlabelled", "--models",
                               "hard,ple", "--seeds", "3"), DATA, 'unlabelled.csv.*"consume"')
        self.assertEqual(len(list((self.dir / "unlabelled").glob("*.model"))), 1)


if __name__ == "__main__":
    unittest.main()

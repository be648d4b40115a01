"""What would be wrong in silence: it is told, refused or put right, and nothing is told of data that is in order."""

import json
import random
import unittest

from harness import CommandLineTest, read_tensors, run

DATA, DIVERGED, USAGE = 3, 7, 2

FIELDS = [
    {"name": "movie", "type": "category", "dim": 3},
    {"name": "shop", "type": "category", "encoding": "hash", "size": 500, "dim": 3},
    {"name": "words", "type": "bag", "dim": 3},
    {"name": "age", "type": "number"},
    {"name": "price", "type": "number", "transform": "buckets", "bins": 5, "dim": 3},
]
CONFIG = {
    "fields": FIELDS,
    "tasks": [{"name": "click"}, {"name": "buy", "after": "click"}],
    "cross": {"layers": 1},
    "sharing": [{"shared": 4, "private": 2}],
    "tower": [4],
    "train": {"epochs": 2, "batch": 32, "seed": 5},
}
COLUMNS = ["movie", "shop", "words", "age", "price", "w", "click", "buy"]


def rows(count, seed):
    """Clicks depend on the movie; buyers have clicked; nothing is empty but some bags."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        movie = draw.randrange(20)
        click = int(draw.random() < 0.2 + 0.6 * (movie % 2))
        made.append({"movie": f"m{movie}", "shop": str(100 + draw.randrange(40)),
                     "words": "|".join(draw.sample("abcdefgh", draw.randrange(4))), "age": draw.randrange(18, 80),
                     "price": f"{draw.random():.2f}", "w": "1", "click": click, "buy": click & draw.randrange(2)})
    return made


def csv(made, columns=tuple(COLUMNS)):
    return ",".join(columns) + "\n" + "".join(",".join(str(row[c]) for c in columns) + "\n" for row in made)


def with_column(made, column, value):
    return [{**row, column: value(row) if callable(value) else value} for row in made]


class Silence(CommandLineTest):
    def train(self, made, *extra, change=None, valid=None):
        config = json.loads(json.dumps(CONFIG))
        if change:
            change(config)
        files = ["train", self.write("c.json", json.dumps(config)), "--train", self.write("t.csv", csv(made))]
        if valid is not None:
            files += ["--valid", self.write("v.csv", csv(valid))]
        return run(*files, "--out", self.dir / "m", "--restart", "--threads", "1", *extra)

    def notes_of_training(self, made, **options):
        done = self.train(made, **options)
        text = done.stderr.decode()
        self.assertEqual(done.returncode, 0, text)
        return [line for line in text.splitlines() if line.startswith(("note:", "warning:"))]

    def notes_of_scoring(self, made):
        """The same from eval, its JSON and predict."""
        data = self.write("now.csv", csv(made))
        table = self.succeed("eval", self.dir / "m", "--data", data).stderr.decode().splitlines()
        self.assertEqual(json.loads(self.succeed("eval", self.dir / "m", "--data", data, "--json").stdout)
                         .get("notes", []), table)
        predicted = self.succeed("predict", self.dir / "m", "--data", data, "--out", self.dir / "p.csv")
        self.assertEqual(predicted.stderr.decode().splitlines(), table)
        return table

    def test_data_in_order_is_silent(self):
        learned = rows(1500, 1)
        self.assertEqual(self.notes_of_training(learned, valid=rows(400, 2)), [])
        for count, seed in [(1, 3), (40, 4), (1000, 5)]:
            self.assertEqual(self.notes_of_scoring(rows(count, seed)), [])
        self.assertEqual(self.notes_of_scoring(learned), [])

    def test_values_written_another_way(self):
        self.assertEqual(self.notes_of_training(rows(1500, 1)), [])
        now = rows(300, 2)
        for field, value in [("movie", lambda row: " " + row["movie"]), ("movie", lambda row: row["movie"].upper()),
                             ("shop", lambda row: row["shop"] + ".0"),
                             ("words", lambda row: row["words"].replace("|", " |"))]:
            with self.subTest(field=field):
                lines = self.notes_of_scoring(with_column(now, field, value))
                self.assertEqual(len(lines), 1, lines)
                self.assertRegex(lines[0], f'^warning: field "{field}": [0-9.]+% of the values are unknown')
        # A tenth of them: a note. The validation file of a training is looked at like any other.
        some = [{**row, "movie": "new"} if i % 10 == 0 else row for i, row in enumerate(rows(2000, 3))]
        self.assertRegex(self.notes_of_scoring(some)[0], '^note: field "movie": 10% of the values are unknown')
        lines = self.notes_of_training(rows(1500, 1), valid=with_column(now, "movie", "x"))
        self.assertRegex(lines[0], '^warning: field "movie": 100% of the values are unknown.*validation')

    def test_rare_values_are_expected_to_be_unknown(self):
        draw = random.Random(7)
        often = [{**row, "movie": f"m{draw.randrange(3000)}"} for row in rows(3000, 1)]
        new = [{**row, "movie": f"m{draw.randrange(3000)}"} for row in rows(1000, 2)]
        self.assertEqual(self.notes_of_training(often), [])
        self.assertEqual(self.notes_of_scoring(new), [])

    def test_empty_cells(self):
        self.assertEqual(self.notes_of_training(rows(1500, 1)), [])
        now = rows(200, 2)
        for field in ["age", "price", "movie"]:
            with self.subTest(field=field):
                lines = self.notes_of_scoring([{**row, field: ""} if i < 3 else row for i, row in enumerate(now)])
                self.assertRegex(lines[0], f'^warning: field "{field}": 1.5% of the cells are empty, in training none')
        lines = self.notes_of_scoring([{**row, "age": ""} if i == 7 else row for i, row in enumerate(rows(1000, 3))])
        self.assertRegex(lines[0], '^note: field "age": 0.1% of the cells are empty, in training none')
        half = [{**row, "age": ""} if i % 2 else row for i, row in enumerate(rows(1500, 1))]
        self.assertEqual(self.notes_of_training(half), [])
        self.assertRegex(self.notes_of_scoring(now)[0], '^warning: field "age": 0% of the cells are empty.* 50% were')

    def test_nothing_to_learn_from(self):
        made = rows(200, 1)
        weighted = lambda config: config.update(weight="w")
        unlabelled = with_column(with_column(made, "click", ""), "buy", "")
        for name, data, change, pattern in [("labels", unlabelled, None, "no row has a label"),
                                            ("weights", with_column(made, "w", "0"), weighted, "weight of every row")]:
            with self.subTest(name):
                (self.dir / "m").unlink(missing_ok=True)
                self.check_error(self.train(data, "--quiet", change=change), DATA, pattern)
                self.assertFalse((self.dir / "m").exists())

    def test_a_task_that_cannot_be_learnt(self):
        made = rows(400, 1)
        weighted = lambda config: config.update(weight="w")
        halves = with_column(made, "w", lambda row: 0 if row["buy"] == 1 else 2)
        for data, change, pattern in [
                (with_column(made, "buy", ""), None, 'task "buy": no training row has a label'),
                (with_column(made, "click", ""), None, 'task "click": no training row has a label'),
                (with_column(made, "buy", 0), None, 'task "buy": every label of the training rows is 0'),
                (with_column(made, "click", 1), None, 'task "click": every label of the training rows is 1'),
                (halves, weighted, 'task "buy": every label of the training rows is 0'),
                (with_column(made, "buy", lambda row: 1 - row["click"]), None,
                 r'task "buy": its label is 1 but that of "click" is 0 in \d+ training rows \(\d')]:
            with self.subTest(pattern):
                self.assertRegex("\n".join(self.notes_of_training(data, change=change)), "warning: " + pattern)
        independent = lambda config: config.update(probability="independent")
        orphans = with_column(made, "buy", lambda row: 1 - row["click"])
        self.assertNotIn("its label is 1", "\n".join(self.notes_of_training(orphans, change=independent)))

    def test_the_answer_among_the_fields(self):
        for field in [{"name": "was_clicked", "column": "click", "type": "number", "transform": "none"},
                      {"name": "buy", "type": "category", "dim": 2}]:
            column = field.get("column", field["name"])
            done = self.train(rows(100, 1), "--quiet", change=lambda config: config["fields"].append(field))
            self.check_error(done, USAGE, rf'fields\[5\]\.column: "{column}" is the label of task "{column}"')

    def test_patience_without_validation(self):
        lines = self.train(rows(100, 1), "--set", "train.early_stopping.patience=3").stderr.decode()
        self.assertRegex(lines, "no validation file.*patience has no effect")
        lines = self.train(rows(100, 1), "--set", "train.early_stopping.patience=0").stderr.decode()
        self.assertNotIn("patience", lines)

    def test_numbers_far_from_unit_scale(self):
        raw = lambda config: config["fields"].append(
            {"name": "cents", "column": "w", "type": "number", "transform": "none"})
        draw = random.Random(3)
        small = with_column(rows(400, 1), "w", lambda row: draw.randrange(10))
        self.assertEqual(self.notes_of_training(small, change=raw), [])
        done = self.train(with_column(small, "w", lambda row: 5 * 10**7 + draw.randrange(10**6)), change=raw)
        self.assertRegex(done.stderr.decode(), 'warning: field "cents": its numbers are about 5.*e\\+07')

    def test_finite_divergence(self):
        for valid in [None, rows(100, 2)]:
            (self.dir / "m").unlink(missing_ok=True)
            done = self.train(rows(400, 1), "--quiet", "--set", "train.optimizer.rate=1000", valid=valid)
            self.check_error(done, DIVERGED, "training diverged")
            self.assertFalse((self.dir / "m").exists())
            (self.dir / "m.checkpoint").unlink(missing_ok=True)

    def test_a_model_worse_than_none(self):
        done = self.train(rows(400, 1), "--set", "train.optimizer.rate=20")
        self.assertRegex(done.stderr.decode(), 'warning: task ".*": on training rows the log loss is .* base rate')

    def test_untouched_rows_hold_the_mean_of_the_touched(self):
        """In the file and wherever the model is scored, with and without validation."""
        learned = rows(600, 1)
        valid = with_column(with_column(rows(150, 2), "shop", "new"), "price", "")
        for validated in [None, valid]:
            self.notes_of_training(learned, valid=validated,
                                   change=lambda config: config["train"].update(unknown_rate=0, epochs=3))
            _, tensors = read_tensors(self.dir / "m")

            def table(field):
                dim = CONFIG["fields"][[f["name"] for f in FIELDS].index(field)]["dim"]
                values = tensors[f"embedding.{field}.weight"][2]
                return [values[i:i + dim] for i in range(0, len(values), dim)]

            def check(field, occurrences):
                found, total = table(field), sum(occurrences.values())
                self.assertNotEqual(len(occurrences), len(found))
                for column in range(3):
                    mean = sum(n * found[row][column] for row, n in occurrences.items()) / total
                    for row in range(len(found)):
                        if row not in occurrences:
                            self.assertAlmostEqual(found[row][column], mean, places=7)

            def in_vocabulary(field, items):
                order = {word: i + 1 for i, word in enumerate(dict.fromkeys(items))}
                counts = {}
                for word in items:
                    counts[order[word]] = counts.get(order[word], 0) + 1
                return counts

            check("movie", in_vocabulary("movie", [row["movie"] for row in learned]))
            words = [word for row in learned for word in row["words"].split("|") if word]
            check("words", in_vocabulary("words", words))
            edges = tensors["encoder.price.edges"][2]
            buckets = {}
            for row in learned:
                bucket = 1 + sum(float(row["price"]) > edge for edge in edges)
                buckets[bucket] = buckets.get(bucket, 0) + 1
            check("price", buckets)
            # Which row a shop has is the hash's business: the untouched ones are all alike, and many.
            shops = table("shop")
            common = max(set(shops), key=shops.count)
            self.assertGreater(shops.count(common), 400)
            seen = tensors["encoder.shop.seen"][2]
            self.assertEqual([shop != common for shop in shops], [seen[i // 8] >> i % 8 & 1 == 1 for i in range(500)])
        log = [json.loads(line) for line in (self.dir / "m.jsonl").read_text().splitlines()]
        kept = [line for line in log if line.get("best")][-1]["valid"]
        report = json.loads(self.succeed("eval", self.dir / "m", "--data", self.dir / "v.csv", "--json").stdout)
        for task, figures in kept.items():
            self.assertEqual({name: report["tasks"][task][name] for name in figures}, figures)

    def test_a_missing_number_gives_a_middling_prediction_whatever_the_seed(self):
        draw = random.Random(9)
        chance = {True: 0.75, False: 0.25}
        learned = with_column(rows(2000, 1), "click", lambda row: int(draw.random() < chance[row["price"] > "0.50"]))
        missing = with_column(rows(50, 2), "price", "")
        fields = [field for field in FIELDS if field["name"] in ("price", "age")]
        for seed in range(1, 6):
            self.train(learned, "--quiet", "--seed", seed, change=lambda config: (
                config.update(fields=fields, tasks=[{"name": "click"}]), config["train"].update(epochs=20)))
            self.succeed("predict", self.dir / "m", "--data", self.write("u.csv", csv(missing)), "--out",
                         self.dir / "p.csv")
            lines = (self.dir / "p.csv").read_text().splitlines()[1:]
            mean = sum(map(float, lines)) / len(lines)
            self.assertTrue(0.3 < mean < 0.7, f"seed {seed}: {mean}")


if __name__ == "__main__":
    unittest.main()

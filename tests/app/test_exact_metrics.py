"""The figures of eval against exact rational arithmetic, for weights of any range in any order."""

import csv
import decimal
import json
import random
import struct
import unittest
from fractions import Fraction

from harness import CommandLineTest, read_tensors, small_csv, small_rows

TASKS = ["click", "consume"]
BINS = 20


def ranges(draw, n):
    """Names and weights."""
    yield "halving, oldest first", [2.0 ** (i - n) for i in range(n)]
    yield "halving, newest first", [2.0 ** -i for i in range(n)]
    yield "1e-300 to 1e300", [10.0 ** draw.uniform(-300, 300) for _ in range(n)]
    yield "positives far below negatives", [1e-290 * (1 + i) if i % 3 == 0 else 1e290 / (1 + i) for i in range(n)]
    yield "all tiny", [1e-300 * (1 + draw.random()) for _ in range(n)]
    yield "all large", [1e300 * (1 + draw.random()) for _ in range(n)]
    yield "some 0", [float(draw.randrange(3)) for _ in range(n)]
    yield "ordinary", [draw.uniform(0.1, 10) for _ in range(n)]


def auc(rows):
    """`rows` of (score, label, weight)."""
    right, positive, negative = Fraction(0), Fraction(0), Fraction(0)
    for score in sorted({row[0] for row in rows}):
        tied_positive = sum((w for s, y, w in rows if s == score and y == 1), Fraction(0))
        tied_negative = sum((w for s, y, w in rows if s == score and y == 0), Fraction(0))
        right += tied_positive * (negative + tied_negative / 2)
        positive += tied_positive
        negative += tied_negative
    return right / (positive * negative)


def ece(rows):
    rows = sorted(row for row in rows if row[2] > 0)
    ties = {}
    for score, label, weight in rows:
        ties.setdefault(score, []).append(weight * (Fraction(score) - label))
    n, error = len(rows), Fraction(0)
    for k in range(BINS):
        places = rows[k * n // BINS:(k + 1) * n // BINS]
        error += abs(sum((sum(ties[row[0]]) / len(ties[row[0]]) for row in places), Fraction(0)))
    return error / sum(row[2] for row in rows)


def log_sigmoid(x):
    return -(1 + (-x).exp()).ln()


def log_losses(logits, labels):
    """Of click, and of consume after it, from the logits, to 40 digits."""
    a, b = (decimal.Decimal(x) for x in logits)
    yes = [log_sigmoid(a), log_sigmoid(a) + log_sigmoid(b)]
    no = [log_sigmoid(-a), (log_sigmoid(-a).exp() + (log_sigmoid(a) + log_sigmoid(-b)).exp()).ln()]
    return [Fraction(-(yes[t] if labels[t] == 1 else no[t])) for t in range(2)]


class ExactMetrics(CommandLineTest):
    def test_figures(self):
        decimal.getcontext().prec = 40
        self.train_small(self.dir / "m")
        draw = random.Random(11)
        cells = small_rows(120, seed=5)
        for name, weights in ranges(draw, len(cells)):
            with self.subTest(name):
                for row, weight in zip(cells, weights):
                    row[5] = repr(weight)
                data = self.write("d.csv", small_csv(cells))
                report = json.loads(self.succeed("eval", self.dir / "m", "--data", data, "--json").stdout)["tasks"]
                self.succeed("predict", self.dir / "m", "--data", data, "--out", self.dir / "p.csv")
                # A trace reads labels and weights too, so it is made of features alone.
                bare = self.write("bare.csv", "\n".join(
                    ",".join(line.split(",")[:5]) for line in small_csv(cells).splitlines()) + "\n")
                self.succeed("trace", self.dir / "m", "--data", bare, "--out", self.dir / "t")
                logits = read_tensors(self.dir / "t")[1]["logit"][2]
                with open(self.dir / "p.csv", newline="") as file:
                    predicted = list(csv.DictReader(file))
                exact_weights = [Fraction(weight) for weight in weights]
                total = sum(exact_weights)
                labels = [[int(row[6]), int(row[7])] for row in cells]
                losses = [log_losses(logits[2 * i:2 * i + 2], labels[i]) for i in range(len(cells))]
                for t, task in enumerate(TASKS):
                    scores = [as_float(row["p_" + task]) for row in predicted]
                    rows = list(zip(scores, [label[t] for label in labels], exact_weights))
                    want = {
                        "auc": auc(rows), "ece": ece(rows),
                        "logloss": sum(w * loss[t] for w, loss in zip(exact_weights, losses)) / total,
                        "mean_label": sum(w * y for _, y, w in rows) / total,
                        "mean_prediction": sum(Fraction(s) * w for s, _, w in rows) / total,
                    }
                    for figure, value in want.items():
                        self.assertLess(abs(Fraction(report[task][figure]) - value), 1e-9, (name, task, figure))


def as_float(text):
    """The float that `text` is the shortest text of, as a double."""
    return struct.unpack("f", struct.pack("f", float(text)))[0]


if __name__ == "__main__":
    unittest.main()

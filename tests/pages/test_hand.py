"""The row that docs/trace.md follows by hand has the program's numbers."""

import json
import math
import pathlib
import re
import tempfile
import unittest

import models
from page import Page
from run import Run
from test_pages import DOCS

CASE = DOCS / "tests/golden/tiny"
DIGITS = r"-?\d+\.\d+"
ROUNDING = 3e-6  # of sums of numbers of six decimals


class Tiny(models.Model):
    """The golden case as `dcrnn trace` sees it."""

    def __init__(self, directory):  # not drawn, as the others are: read
        metadata, parameters = models.read_tensors(CASE / "model.safetensors")
        models.run("trace", CASE / "model.safetensors", "--data", CASE / "rows.csv", "--out", directory / "trace",
                   "--precision", "f64", "--gradients")
        self.parameters = {name: values.astype(float) for name, values in parameters.items()}
        self.tensors = {**self.parameters, **models.read_tensors(directory / "trace")[1]}
        self.config = self.said = json.loads(metadata["dcrnn"])
        self.fields, self.tasks, self.parents, self.B, self.T = self.config["fields"], ["t0"], [None], 3, 1


def lines_of(page):
    """Lines with '=' of the code blocks under 'By hand', each cut at its '='."""
    section = page[page.index("## By hand"):page.index("## Ideas")]
    for block in re.findall(r"```\n(.*?)```", section, re.DOTALL):
        for line in block.splitlines():
            for part in re.split(r"   +(?=[a-z]+ +=)", line):
                if "=" in part:
                    yield [piece.strip() for piece in re.split(r"[-+]?=", re.sub(r"\(h\^0 = x0\)|\(what.*|\(all.*", "", part))]


def number_of(piece):
    """What a piece of arithmetic comes to; None where it has letters."""
    text = re.sub(r"\b(exp|log)\b", r"math.\1", piece)
    text = re.sub(r"(\d|\)) +(?=\(|\d|math)", r"\1 * ", text)  # side by side: a product
    if not re.fullmatch(r"(?:math\.exp|math\.log|[-+*/() .\d])+", text) or not re.search(r"\d", text):
        return None
    try:
        return eval(text, {"math": math})  # digits, signs, exp and log
    except (SyntaxError, TypeError):
        return None


class HandTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory(prefix="dcrnn-hand-") as directory:
            model = Tiny(pathlib.Path(directory))
        run = Run(Page(DOCS / "docs/cross.md"), model)
        run.forward()
        run.backward()
        cls.numbers = {round(x, 6) for array in [*model.tensors.values(), *run.values.values(), *run.grads.values()]
                       for x in array.ravel()}
        cls.rows = {tuple(row.round(6)) for array in [*model.tensors.values(), *run.values.values(), *run.grads.values()]
                    if array.ndim == 2 for row in array}
        cls.page = (DOCS / "docs/trace.md").read_text()

    def test_arithmetic(self):
        compared = 0
        for pieces in lines_of(self.page):
            found = [number for number in map(number_of, pieces) if number is not None]
            for got, want in zip(found, found[1:]):
                self.assertLess(abs(got - want), ROUNDING, " = ".join(pieces))
                compared += 1
        self.assertGreater(compared, 15)

    def test_rows(self):
        """Rows in brackets are rows of the trace or of what the lines of docs/cross.md make."""
        found = re.findall(r"\[((?:\s*-?\d\.\d{6}){5,})\s*\]", self.page)
        self.assertGreaterEqual(len(found), 4)
        for row in found:
            numbers = tuple(map(float, row.split()))
            self.assertTrue(any(known[:len(numbers)] == numbers for known in self.rows), row)

    def test_results(self):
        """What a line ends with is a number of the program's, but for sums that are not complete and one row's loss."""
        results = [(pieces, float(number)) for pieces in lines_of(self.page)
                   for number in [pieces[-1]] if re.fullmatch(DIGITS, number)]
        self.assertGreater(len(results), 20)
        for pieces, number in results:
            if not re.match(r"(\d\.  )?(dx0|dh)$|the row's loss", pieces[0]):
                self.assertIn(number, self.numbers, " = ".join(pieces))


if __name__ == "__main__":
    unittest.main()

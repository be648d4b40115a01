"""What the program says on the pages: numbers, costs, one row by hand, code. Each stands behind a mark, which Markdown
does not show.

    <!--= sigma(-3)-->0.047                         the number that follows, to the digits that it has
    <!--parameters per layer: tied = false-->       the formula that follows in `..` counts the layer's parameters or
    <!--flops per row-->                            operations, on the models with these keys
    <!--by hand-->                                  the block that follows is one row, forward and backward
    <!--code: FILE FUNCTION-->                      the block that follows is that function

The figures docs/img/<page>.svg are drawn by figure.py, that of the network by network_figure.py. `python3 filled.py --write` brings the pages up to date, with DCRNN_APP and DCRNN_KINDS set as ctest does.
"""

import pathlib
import re
import sys
import tempfile

import numpy as np

import models
from figure import figures
from grammar import PageError, Unknown, expression_of, text_of
from network_figure import network
from page import Page, names_in
from run import Run
import test_pages

ROOT = test_pages.DOCS
NUMBER = re.compile(r"<!--= ([^>]*?)-->(-?\d+(?:\.(\d+))?(?:e-?\d+)?)")
COST = re.compile(r"<!--(parameters|flops)((?: per \w+)?(?: and \w+)?)(?:: ([^>]*?))?-->`([^`]*)`")
HEAD = re.compile(r"(task \w+|all tasks):$")
BLOCK = re.compile(r"(<!--(by hand|code)(?:: ([^>]*?))?-->\n```\w*)\n.*?(```)", re.DOTALL)


class Filler:
    """The marks of one page, which runs on `cases`: [(name, path, role, model)]."""

    def __init__(self, path, cases, directory):
        self.path, self.cases, self.directory = path, cases, directory
        self.text = (ROOT / path).read_text()
        self.checked = 0

    def filled(self):
        """The page as it should be; PageError where a formula is wrong."""
        text = NUMBER.sub(self.number, self.text)
        for match in COST.finditer(text):
            self.check_cost(*match.groups())
        return BLOCK.sub(self.block, text)

    def number(self, match):
        expression, shown, digits = match.groups()
        value = float(Run(Page(ROOT / "docs/notation.md"), Nothing(), False).evaluate(expression_of(expression)))
        self.checked += 1
        if "e" in shown:
            digits = len(shown.split("e")[0].replace("-", "").replace(".", "")) - 1
            mantissa, power = f"{value:.{digits}e}".split("e")
            return f"<!--= {expression}-->{mantissa}e{int(power)}"
        return f"<!--= {expression}-->{value:.{len(digits or '')}f}"

    # ............................................................................................... costs

    def check_cost(self, what, per, keys, formula):
        conditions = [condition.split(" = ") for condition in (keys or "").split(", ") if condition]
        tried = 0
        for name, path, role, model in self.cases:
            said = {"rank": 0, "gate": "input", **model.config["cross"]}
            for block in model.config["sharing"] + model.said["sharing"]:
                said.update(block)
            if path != self.path or not role or len(model.said["sharing"]) > 1 or \
                    not all(said_of(said, key) == value for key, value in conditions):
                continue
            run = Run(Page(ROOT / path, path), model)
            run.forward()
            layers = max(1, said.get("layers", 1))
            first = {letter: number for (letter, turn), number in run.letters.items() if turn in ((), (0,))}
            run.letters = {(letter, ()): number for letter, number in {**first, "L": layers}.items()}
            children = sum(parent is not None for parent in model.parents)
            have = count_of(what, role, model) / (layers if "layer" in per else children if "child" in per else 1)
            have *= model.B if what == "flops" and not per else 1
            try:
                want = float(run.evaluate(expression_of(" ".join(formula.split()))))
            except Unknown:
                continue  # a letter that this model doesn't have
            if have != want:
                raise PageError(f"{self.path}: {what}{per} of {name}: `{formula}` is {want:g}, the model has {have:g}")
            tried += 1
        if tried == 0:
            raise PageError(f"{self.path}: no model for {what}{per}: {keys}")
        self.checked += tried

    # ............................................................................................... blocks

    def block(self, match):
        head, kind, what, tail = match.groups()
        self.checked += 1
        body = code_of(*what.split()) if kind == "code" else self.by_hand()
        return f"{head}\n{body}{tail}"

    def by_hand(self):
        for path, change in models.by_hand():
            if path == self.path:
                break
        else:
            raise PageError(f"{self.path}: no model to follow by hand")
        for seed in range(3, 30):
            model = models.Model(change, self.directory, by_hand=True, seed=seed)
            # A layer whose units are all closed, all weights 0, or gradients that agree would teach nothing.
            if all(values.any() for name, values in model.tensors.items() if not name.startswith("loss.cal")) and \
                    np.min(model.tensors.get("interference.cosine", -1)) < 0:
                break
        return Shown(Page(ROOT / self.path, self.path), model).text()


class Nothing:
    """No model."""
    tensors, parameters, fields, tasks, parents, B, T = {}, {}, [], [], [], 0, 0

    @staticmethod
    def keys(_scope):
        return {}


def said_of(keys, key):
    value = keys.get(key)
    return str(value).lower() if isinstance(value, bool) else str(value)


def count_of(what, role, model):
    """Parameters of a role's tensors, or multiplications and additions of its products for one row."""
    own = sum(values.size for name, values in model.parameters.items() if name.startswith(role + "."))
    if what == "parameters":
        return own
    # Of the other layers every weight is multiplied once with a row.
    others = sum(2 * values.size for name, values in model.parameters.items()
                 if not name.startswith((role + ".", "embedding.")) and values.ndim == 2)
    return model.flops - others


def code_of(file, function):
    """A function of a C++ file, from its `template` or comment to the brace in the first column."""
    lines = (ROOT / file).read_text().splitlines(keepends=True)
    at = next((i for i, line in enumerate(lines) if re.match(rf"\w.*\b{function}\(", line)), None)
    if at is None:
        raise PageError(f"{file} has no function {function}")
    begin = at - 1 if lines[at - 1].startswith("template") else at
    end = next(i for i in range(at, len(lines)) if lines[i].startswith("}"))
    return "".join(lines[begin:end + 1])


class Shown(Run):
    """A run that writes down its lines with their numbers, each name when it is first met."""

    def __init__(self, page, model):
        super().__init__(page, model)
        self.lines, self.met, self.task = [], set(), None

    def text(self):
        self.forward()
        if any(statement.backward for statement in self.page.statements):
            self.lines.append("\nbackward\n")
        self.backward()
        self.judge()
        # The head of a task's lines only where there are lines.
        lines = [line for line, after in zip(self.lines, self.lines[1:] + [""])
                 if not (HEAD.match(line) and (HEAD.match(after) or after.strip() in ("", "backward")))]
        return "".join(line.rstrip() + "\n" for line in lines)

    def right_side(self, statement):
        if self.nudges is None:
            self.say_task()
            for token in statement.tokens:
                if token.kind == "name":
                    self.meet(token.text)
        return super().right_side(statement)

    def say_task(self):
        task = next((self.model.tasks[turn.value] for turn in self.scope.values() if turn.kind == "task"), None)
        if task != self.task and self.model.T > 1:
            self.lines.append(f"task {task}:" if task else "all tasks:")
        self.task = task

    def meet(self, name):
        """A tensor that a line reads."""
        if self.page.pattern(name) in self.page.assigned or self.binding(name) is None:
            return
        key = self.known_here(name)
        if key is not None and key not in self.met:
            self.met.add(key)
            self.lines.append(f"    {name} = {numbers(self.values[key])}")

    def take_given(self, name):
        self.say_task()
        had = set(self.given)
        super().take_given(name)
        for key in set(self.given) - had:
            self.lines.append(f"    {name} = {numbers(self.given[key])}    comes in")

    def forward_statement(self, statement):
        super().forward_statement(statement)
        if self.nudges is None and statement.kind == "assign":
            self.show(statement, False)

    def assign_gradient(self, statement):
        super().assign_gradient(statement)
        self.show(statement, True)

    def restate(self, statement):
        helpers = [name for name in names_in(statement.left) if self.known(name) is None]
        super().restate(statement)
        if helpers:
            self.write(statement, [numbers(self.value(name)) for name in helpers], "")
        else:
            self.lines.append(f"{statement.number + '.' if statement.number else '':4}{text_of(statement.tokens)}")

    def show(self, statement, gradient):
        names = [target[1] if target[0] == "name" else target[1][1] for target in
                 (statement.left[2] if statement.left[0] == "join" else [statement.left])]
        values = []
        for name in names:
            key = self.gradient_key(name) if gradient else self.known(name)
            values.append(numbers(self.grads[key] if gradient else self.values[key]))
            self.met.add(key)
        self.write(statement, values, "    " if gradient else "")

    def write(self, statement, values, margin):
        line = margin + f"{statement.number + '.' if statement.number else '':4}{text_of(statement.tokens)}"
        value = ", ".join(values)
        self.lines.append(f"{line:50}  {value}" if len(line) <= 50 else f"{line}\n{'':52}{value}")


def numbers(values):
    """Six decimals; matrices of more than one row, row by row."""
    values = np.asarray(values, float)
    if values.size == 1:
        return decimals(values.reshape(()))
    if values.ndim == 2 and values.shape[0] > 1:
        return "[" + "; ".join(" ".join(map(decimals, row)) for row in values) + "]"
    return "[" + " ".join(map(decimals, values.ravel())) + "]"


def decimals(x):
    text = f"{float(x):.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def fillers(all_pages):
    """One for every page."""
    for path in all_pages.pages:
        with tempfile.TemporaryDirectory(prefix="dcrnn-pages-") as directory:
            yield Filler(path, all_pages.cases, pathlib.Path(directory))


def drawn_figures():
    """(path, content) of every figure."""
    with tempfile.TemporaryDirectory(prefix="dcrnn-pages-") as directory:
        found = [*figures(ROOT, pathlib.Path(directory)), network(ROOT, pathlib.Path(directory))]
        return [(ROOT / file, content) for file, content in found]


def main():
    for filler in fillers(test_pages.all_pages()):
        text = filler.filled()
        if text != filler.text:
            print(filler.path)
            if "--write" in sys.argv:
                (ROOT / filler.path).write_text(text)
    for path, content in drawn_figures():
        if not path.exists() or path.read_text() != content:
            print(path.relative_to(ROOT))
            if "--write" in sys.argv:
                path.write_text(content)


if __name__ == "__main__":
    main()

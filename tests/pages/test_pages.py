"""Every line of every layer's page is executed and agrees with the program (docs/notation.md)."""

import functools
import pathlib
import shutil
import tempfile
import unittest

import models
from grammar import PageError
from page import Page
from run import Run

DOCS = pathlib.Path(__file__).resolve().parents[2]


class Pages:
    """The pages, the models on which they run, and what has been executed."""

    def __init__(self, only=None):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="dcrnn-pages-"))
        self.pages, self.cases, self.errors = {}, [], {}
        for name, path, role, change in models.cases():
            if only and only not in (path, pathlib.Path(path).stem):
                continue
            model = models.Model(change, self.directory)
            own = [tensor for tensor in model.tensors if role and tensor.startswith(role + ".")]
            if role and not own:
                continue  # such a layer does nothing
            if not (DOCS / path).exists():
                self.errors[path] = "a registered kind of layer without its page"
                continue
            if path not in self.pages:
                self.pages[path] = Page(DOCS / path, path)
            self.cases.append((name, path, role, model))
        shutil.rmtree(self.directory)


@functools.cache
def all_pages():
    return Pages()


def run_case(page, model):
    """Runs of a page, with the trace and with drawn masks; PageError where a line is wrong."""
    runs = []
    masks = any(binding.data == "mask" for binding in page.bindings.values())
    for drawn in (False, True) if masks else (False,):
        run = Run(page, model, drawn)
        runs.append(run)
        try:
            run.forward()
            run.backward()
        except PageError as error:
            at = f"{run.statement.place()}: {run.statement.text}: " if run.statement else ""
            raise type(error)(at + str(error)) from None
        run.judge()
    return runs


class PagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.all = all_pages()

    def test_every_line(self):
        self.assertEqual(self.all.errors, {})
        executed = {path: set() for path in self.all.pages}
        for name, path, role, model in self.all.cases:
            with self.subTest(f"{path}: {name}"):
                try:
                    runs = run_case(self.all.pages[path], model)
                except PageError as error:
                    self.fail(str(error))
                for run in runs:
                    executed[path] |= run.executed
                own = {tensor for tensor in model.tensors if role and tensor.startswith(role + ".")}
                missing = {tensor for tensor in own if tensor not in runs[0].seen() and
                           "grad." + tensor not in runs[0].compared}
                self.assertEqual(missing, set(), f"{path}: tensors that no line makes or learns")
        lines, run_lines, listed = 0, 0, []
        for path, page in self.all.pages.items():
            lines += page.lines
            for statement in page.statements:
                if statement.kind != "from" and statement.key() not in executed[path]:
                    self.fail(f"{statement.place()}: never executed: {statement.text}")
            run_lines += len({s.line for s in page.statements if s.kind != "from"})
            listed += [f"{path}: {line}: {reason or self.fail(f'{path}: no reason why not run: {line}')}"
                       for line, reason in page.not_run]
        print(f"\n{lines} lines of equations on {len(self.all.pages)} pages, {run_lines} executed; not executed:")
        print("\n".join(listed) or "none")
        self.assertEqual(run_lines + len(listed), lines)
        self.assertLessEqual(len(listed), 0.05 * lines)


if __name__ == "__main__":
    unittest.main()

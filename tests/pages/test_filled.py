"""What stands behind the marks of the pages is what the program says, and the pages have one form."""

import unittest

from filled import ROOT, drawn_figures, fillers
from grammar import PageError
from models import by_hand
from test_pages import all_pages

FORM = ("Why", "Shapes", "Forward", "One row by hand", "Backward", "Kept", "Cost", "Numerics", "Limits", "Pitfalls",
        "Exercises", "Where")


class FilledTest(unittest.TestCase):
    def test_marks(self):
        checked = 0
        for filler in fillers(all_pages()):
            with self.subTest(filler.path):
                try:
                    self.assertEqual(filler.filled(), filler.text, "python3 tests/pages/filled.py --write")
                except PageError as error:
                    self.fail(str(error))
                checked += filler.checked
        print(f"\n{checked} numbers, costs and blocks checked behind the marks of the pages")

    def test_figures(self):
        """They are those of the lines, and on their pages."""
        for path, content in drawn_figures():
            with self.subTest(path.name):
                self.assertEqual(path.read_text(), content, "python3 tests/pages/filled.py --write")
                page = "trace.md" if path.name == "network.svg" else path.name.replace(".svg", ".md")
                self.assertIn(f"(img/{path.name})", (ROOT / "docs" / page).read_text())

    def test_form(self):
        """Of the pages of all kinds of layers, and of those whose lines are followed by hand."""
        kinds = {path for _, path, role, _ in all_pages().cases if role in ("cross", "sharing", "transfer")}
        for path in sorted(kinds | {path for path, _ in by_hand()}):
            heads = [line.lstrip("# ") for line in (ROOT / path).read_text().splitlines() if line.startswith("## ")]
            at = [next((i for i, head in enumerate(heads) if head.startswith(part)), None) for part in FORM]
            missing = [part for part, place in zip(FORM, at) if place is None]
            self.assertEqual(missing, [], path)
            self.assertEqual(at, sorted(at), f"{path}: want the order {FORM}")


if __name__ == "__main__":
    unittest.main()

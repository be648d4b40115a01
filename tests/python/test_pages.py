"""The examples of README.md and docs/python.md run as they stand."""

import contextlib
import io
import os
import pathlib
import re
import unittest

from support import HAS_NUMPY, PythonTest, log, needs, write_csv

if HAS_NUMPY:
    import dcrnn

ROOT = pathlib.Path(__file__).parents[2]


class Pages(PythonTest):
    @needs("pandas")
    def test_examples(self):
        columns, labels = log(6000)
        write_csv(self.dir / "log.csv", columns, labels)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.dir)
        for page in ("README.md", "docs/python.md"):
            with self.subTest(page):
                names = {}
                with contextlib.redirect_stderr(io.StringIO()):
                    exec(re.search(r"```python\n(import dcrnn\n.*?)```", (ROOT / page).read_text(), re.S).group(1), names)
                self.assertEqual(names["p"].shape, (5000, 2))
                self.assertEqual(dcrnn.Model.load("clicks.safetensors").to_bytes(), names["model"].model_.to_bytes())
                os.remove("clicks.safetensors")


if __name__ == "__main__":
    unittest.main()

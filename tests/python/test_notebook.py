"""The example notebook runs, cell after cell, and what it draws is there."""

import contextlib
import io
import json
import pathlib
import unittest

from support import PythonTest, needs

NOTEBOOK = pathlib.Path(__file__).parents[2] / "examples" / "clicks.ipynb"


class Notebook(PythonTest):
    @needs("pandas", "matplotlib")
    def test_every_cell(self):
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot

        self.addCleanup(matplotlib.pyplot.close, "all")
        names = {}
        told = io.StringIO()
        for cell in json.loads(NOTEBOOK.read_text())["cells"]:
            if cell["cell_type"] == "code":
                with contextlib.redirect_stderr(told):
                    exec("".join(cell["source"]), names)
        self.assertIn("user: category, video: category, tags: bag, seconds: number", told.getvalue())
        self.assertIn("epoch 4", told.getvalue())
        metrics = names["model"].evaluate(names["log"][names["valid"]], names["labels"][names["valid"]])["tasks"]
        self.assertGreater(metrics["click"]["auc"], 0.65)
        figures = [matplotlib.pyplot.figure(number) for number in matplotlib.pyplot.get_fignums()]
        self.assertEqual([len(figure.axes[0].lines) > 0 for figure in figures], [True] * 3)


if __name__ == "__main__":
    unittest.main()

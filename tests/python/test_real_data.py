"""Same bits, whoever scores: 10,000 rows of real logs through the program, C++, C, and Python from pandas, polars and Arrow;
the PyTorch twin to 1e-6; and a fit on a frame makes the file that the program makes of the rows.

The data is no part of the project: $DCRNN_DATA, else ../shared/data beside the checkout.
"""

import gzip
import itertools
import os
import pathlib
import subprocess
import unittest

from support import APP, HAS_NUMPY, PythonTest, needs

if HAS_NUMPY:
    import numpy as np

    import dcrnn

ROOT = pathlib.Path(__file__).parents[2]
DATA = pathlib.Path(os.environ.get("DCRNN_DATA", ROOT.parent / "shared" / "data"))
SCORE_ROWS = os.environ.get("DCRNN_SCORE_ROWS")
ROWS = 10_000


def head(path, rows):
    with gzip.open(path, "rb") as full:
        return b"".join(itertools.islice(full, rows + 1))


@unittest.skipUnless(DATA.is_dir(), f"SKIPPED: no real data in {DATA}; set DCRNN_DATA to its folder")
@unittest.skipUnless(APP and SCORE_ROWS, "SKIPPED: no program in DCRNN_APP, DCRNN_SCORE_ROWS")
@needs("pandas")
class RealData(PythonTest):
    def frame(self, name, model):
        """What the model reads of a file: words as text, numbers and labels as numbers."""
        import pandas

        kinds = {**{task: np.float64 for task in model.tasks}, **{reader["column"]: np.float64 for reader in model.readers}}
        kinds.update({reader["column"]: str for reader in model.readers if reader["words"]})
        missing = {column: [""] for column, kind in kinds.items() if kind is np.float64}
        return pandas.read_csv(self.dir / name, usecols=list(kinds), dtype=kinds, keep_default_na=False, na_values=missing)

    def others(self, name, frame):
        """The same rows from elsewhere."""
        words = [column for column in frame if frame[column].dtype != np.float64]
        yield "pandas, categories", frame.astype({column: "category" for column in words})
        whole = {column: frame[column].astype("int64") for column in words if frame[column].str.fullmatch("0|-?[1-9][0-9]{0,17}").all()}
        self.assertGreater(len(whole), 3)
        yield "pandas, integers", frame.assign(**whole)
        yield "numpy", {column: frame[column].to_numpy() for column in frame}
        try:
            import polars
        except ImportError:
            print("SKIPPED: polars is not installed")
        else:
            kinds = {column: (polars.String if column in words else polars.Float64) for column in frame}
            yield "polars", polars.read_csv(self.dir / name, columns=list(kinds), schema_overrides=kinds)
        try:
            import pyarrow
            from pyarrow import csv
        except ImportError:
            print("SKIPPED: pyarrow is not installed")
        else:
            kinds = {column: (pyarrow.string() if column in words else pyarrow.float64()) for column in frame}
            yield "Arrow", csv.read_csv(self.dir / name, convert_options=csv.ConvertOptions(include_columns=list(kinds), column_types=kinds, null_values=[""]))

    def check(self, folder, config_path, settings):
        for name in ("train", "valid", "test"):
            rows = ROWS // 2 if name == "valid" else ROWS
            (self.dir / (name + ".csv")).write_bytes(head(DATA / folder / (name + ".csv.gz"), rows))
        path = self.dir / "model"
        self.app("train", config_path, "--train", self.dir / "train.csv", "--valid", self.dir / "valid.csv", "--out", path, "--quiet",
                 *itertools.chain.from_iterable(("--set", setting) for setting in settings))
        model = dcrnn.Model.load(path)

        with self.subTest("a fit on a frame"):
            frames = [self.frame(name, model) for name in ("train.csv", "valid.csv")]
            train, valid = ((frame, {task: frame[task] for task in model.tasks}) for frame in frames)
            self.assertEqual(dcrnn.fit(model.config, *train, valid=valid).model.to_bytes(), path.read_bytes())

        self.app("predict", path, "--data", self.dir / "test.csv", "--out", self.dir / "p.csv")
        told = np.loadtxt(self.dir / "p.csv", delimiter=",", skiprows=1, dtype=np.float32)
        self.assertEqual(told.shape, (ROWS, len(model.tasks)))
        subprocess.run([SCORE_ROWS, path, self.dir / "test.csv", self.dir / "p"], check=True)
        cpp, c = np.fromfile(self.dir / "p", np.float32).reshape(2, *told.shape)
        np.testing.assert_array_equal(cpp, told, "C++")
        np.testing.assert_array_equal(c, told, "C")
        frame = self.frame("test.csv", model)
        np.testing.assert_array_equal(model.predict(frame), told, "pandas")
        for name, rows in self.others("test.csv", frame):
            np.testing.assert_array_equal(model.predict(rows), told, name)
        try:
            import torch

            from dcrnn.torch import Twin
        except ImportError:
            print("SKIPPED: the twin, torch is not installed")
            return
        twin = Twin(model)
        with torch.no_grad():
            p = twin.probabilities(twin(twin.encode(frame))).numpy()
        print(f"{folder}: twin within {np.abs(p - told).max():.1e} of probability, in float")
        np.testing.assert_allclose(p, told, rtol=0, atol=1e-6)

    def test_census(self):
        self.check("census", DATA / "census" / "income.json", ["train.epochs=1", "train.batch=256"])

    def test_kuairand_with_rate_fields(self):
        self.check("kuairand", ROOT / "examples" / "kuairand.json", ["train.epochs=1", "train.batch=256"])


if __name__ == "__main__":
    unittest.main()

"""The same bits from pandas, polars and Arrow."""

import unittest

from support import CONFIG, HAS_NUMPY, PythonTest, log, needs

if HAS_NUMPY:
    import numpy as np

    import dcrnn


class Frames(PythonTest):
    def setUp(self):
        super().setUp()
        self.columns, self.labels = log(300)
        self.model = dcrnn.fit(CONFIG, self.columns, self.labels).model
        self.expected = self.model.predict(self.columns)
        self.content = self.model.to_bytes()

    def same(self, frame):
        np.testing.assert_array_equal(self.model.predict(frame), self.expected)
        self.assertEqual(dcrnn.fit(CONFIG, frame, self.labels).model.to_bytes(), self.content)

    @needs("pandas")
    def test_pandas(self):
        import pandas

        frame = pandas.DataFrame(self.columns)
        self.same(frame)
        self.same(frame.astype({"item": "category", "user": "category"}))
        self.same(frame.astype({"user": "Int64", "item": "string", "x": "Float64"}))
        self.same(frame.astype({"user": "float32"}))
        self.same(frame.set_index(frame.index[::-1]))
        with self.assertRaises(dcrnn.DataError):
            self.model.predict(pandas.concat([frame, frame[["x"]]], axis=1))
        lost = frame.assign(item=frame["item"].astype("category")).iloc[:40]  # with categories that no row has
        np.testing.assert_array_equal(self.model.predict(lost), self.expected[:40])
        none = frame.astype({"user": "Int64", "item": "string"})
        none.loc[3, ["user", "item"]] = pandas.NA
        gone = {**self.columns, "user": list(map(int, self.columns["user"])), "item": self.columns["item"].tolist()}
        gone["user"][3] = gone["item"][3] = None
        np.testing.assert_array_equal(self.model.predict(none), self.model.predict(gone))

    @needs("polars")
    def test_polars(self):
        import polars

        frame = polars.DataFrame({name: list(values) for name, values in self.columns.items()})
        self.same(frame)
        self.same(frame.with_columns(polars.col("item").cast(polars.Categorical), polars.col("user").cast(polars.Float64)))
        for part in (frame.with_columns(polars.col("item").cast(polars.Categorical)), frame):
            np.testing.assert_array_equal(self.model.predict(part[100:140]), self.expected[100:140])
        none = frame.with_columns(polars.when(polars.col("item") == "i1").then(None).otherwise(polars.col("item")).alias("item"))
        gone = {**self.columns, "item": [None if item == "i1" else item for item in self.columns["item"]]}
        np.testing.assert_array_equal(self.model.predict(none), self.model.predict(gone))

    @needs("pyarrow")
    def test_arrow(self):
        import pyarrow

        table = pyarrow.table({name: list(values) for name, values in self.columns.items()})
        self.same(table)
        self.same(pyarrow.concat_tables([table[:100], table[100:]]))
        item = table.schema.get_field_index("item")
        self.same(table.set_column(item, "item", table["item"].dictionary_encode()))
        self.same(table.set_column(item, "item", table["item"].cast(pyarrow.large_string())))

        class Stream:  # of whoever speaks Arrow
            def __arrow_c_stream__(self, requested_schema=None):
                return table.__arrow_c_stream__(requested_schema)

        self.same(Stream())

    @needs("scipy")
    def test_sparse_is_refused_with_the_reason(self):
        import scipy.sparse

        with self.assertRaisesRegex(TypeError, "one-hot column is a category"):
            self.model.predict(scipy.sparse.eye(5).tocsr())


if __name__ == "__main__":
    unittest.main()

"""Bad input from Python: each case is an exception that says what is wrong, or right; none ends the interpreter."""

import sys
import unittest

from support import CONFIG, HAS_NUMPY, PythonTest, log

if HAS_NUMPY:
    import numpy as np

    import dcrnn


class Cells(PythonTest):
    def setUp(self):
        super().setUp()
        self.columns, self.labels = log(80)
        self.model = dcrnn.fit(CONFIG, self.columns, self.labels).model

    def refused(self, kind, call, *words):
        with self.assertRaises(kind) as caught:
            call()
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_columns_that_are_refused(self):
        n = 80
        late = np.arange(n, dtype=np.float64)
        late[7] = 0.5
        infinite = self.columns["x"].copy()
        infinite[3] = np.inf
        nested = [[["deep"]]] * n
        cases = [
            ("user", late, "row 7", "0.5"),
            ("user", np.full(n, np.inf), "row 0"),
            ("user", np.full(n, 1e300), "row 0"),
            ("user", np.zeros(n, complex), "complex"),
            ("user", np.zeros(n, "datetime64[s]"), "datetime64"),
            ("user", np.zeros(n, "timedelta64[s]"), "timedelta64"),
            ("user", np.zeros(n, [("a", int)]), "dtype"),
            ("user", np.zeros((n, 2)), "dimensions"),
            ("user", np.array([{}] * n, object), "dict"),
            ("user", [b"\xff"] * n, "UTF-8"),
            ("user", ["\ud800"] * n, "Unicode"),
            ("user", [["a"]] * n, "lists"),
            ("user", "text", "str"),
            ("user", 5, "int"),
            ("user", np.zeros(n - 1, int), "lengths"),
            ("item", [0.25] * n, "0.25"),
            ("tags", nested, "list"),
            ("tags", [["a", ""]] * n, "empty"),
            ("tags", [["a", None]] * n, "missing"),
            ("tags", [["a|b"]] * n, "separator"),
            ("tags", [["a", 0.5]] * n, "0.5"),
            ("x", infinite, "row 3", "infinite"),
            ("x", ["one"] * n, "one"),
            ("x", [[1.0]] * n, "lists"),
            ("x", np.full(n, np.finfo(np.float64).max), "row 0"),
        ]
        for name, values, *words in cases:
            with self.subTest(column=name, values=str(values)[:40]):
                self.refused((dcrnn.DataError, TypeError), lambda: self.model.predict({**self.columns, name: values}), *words)

    def test_columns_that_are_right(self):
        x = self.columns["x"]
        expected = self.model.predict(self.columns)
        read_only = x.copy()
        read_only.flags.writeable = False
        for same in (read_only, x.astype(">f8"), np.repeat(x, 3)[::3], x[::-1].copy()[::-1], np.asfortranarray(x), x.tolist(),
                     tuple(x), x.astype(object), x.astype("U").astype(object)):
            np.testing.assert_array_equal(self.model.predict({**self.columns, "x": same}), expected)
        missing = self.model.predict({**self.columns, "x": np.full(80, np.nan), "user": [None] * 80, "tags": [[]] * 80})
        self.assertTrue(np.isfinite(missing).all())
        words = {**self.columns, "user": ["a\0b", "\u2028", "", "x" * 100000] * 20}
        self.assertTrue(np.isfinite(self.model.predict(words)).all())
        self.assertEqual(self.model.predict({name: values[:0] for name, values in self.columns.items()}).shape, (0, 2))

    def test_tables_and_labels(self):
        c, l = self.columns, self.labels
        fit, DataError = dcrnn.fit, dcrnn.DataError
        without = {name: values for name, values in c.items() if name != "x"}
        cases = [
            (DataError, lambda: self.model.predict(without), "missing"),
            (DataError, lambda: fit(CONFIG, {}, l)),
            (ValueError, lambda: self.model.predict(np.zeros(5)), "dimensions"),
            (ValueError, lambda: self.model.predict(np.zeros((2, 5), complex)), "omplex"),
            (ValueError, lambda: self.model.predict(None)),
            (DataError, lambda: fit(CONFIG, {n: v[:0] for n, v in c.items()}, {t: v[:0] for t, v in l.items()}), "no row"),
            (DataError, lambda: fit(CONFIG, c, {"click": l["click"]}), "consume"),
            (DataError, lambda: fit(CONFIG, c, {**l, "nobody": l["click"]}), "nobody"),
            (DataError, lambda: fit(CONFIG, c, {**l, "click": l["click"][1:]}), "79"),
            (DataError, lambda: fit(CONFIG, c, {**l, "click": l["click"] + 1}), "no label"),
            (DataError, lambda: fit(CONFIG, c, {**l, "click": np.array(["yes"] * 80)}), "dtype"),
            (DataError, lambda: fit(CONFIG, c, {t: np.full(80, np.nan) for t in l}), "label"),
            (DataError, lambda: fit(CONFIG, c, l, np.ones(80)), "weight"),
            (DataError, lambda: fit({**CONFIG, "weight": "w"}, c, l), "w"),
            (DataError, lambda: fit({**CONFIG, "weight": "w"}, c, l, -np.ones(80)), "negative"),
            (DataError, lambda: fit({**CONFIG, "weight": "w"}, c, l, np.ones(79)), "79"),
            (DataError, lambda: fit({**CONFIG, "weight": "w"}, c, l, np.full(80, np.nan)), "weight"),
            (DataError, lambda: self.model.evaluate(c, {"click": l["click"]}), "consume"),
            (DataError, lambda: self.model.scorer().score_ids(np.zeros(3, int)), "shape"),
            (TypeError, lambda: self.model.scorer().score_ids(np.zeros(5)), "whole"),
        ]
        for kind, call, *words in cases:
            with self.subTest(words=words):
                self.refused(kind, call, *words)

    def test_arguments(self):
        c, l = self.columns, self.labels
        Usage = dcrnn.UsageError
        cases = [
            (Usage, lambda: dcrnn.fit({}, c, l), "fields"),
            (Usage, lambda: dcrnn.fit({**CONFIG, "crosss": {}}, c, l), "crosss"),
            (Usage, lambda: dcrnn.fit({**CONFIG, "fields": 3}, c, l), "fields"),
            (Usage, lambda: dcrnn.fit(CONFIG, c, l, threads=0), "threads"),
            (Usage, lambda: dcrnn.fit(CONFIG, c, l, threads=10**30), "threads"),
            (TypeError, lambda: dcrnn.fit(CONFIG, c, l, threads=1.5), "whole"),
            (Usage, lambda: dcrnn.fit(CONFIG, c, l, isa="z80"), "z80"),
            (Usage, lambda: dcrnn.fit(CONFIG, c, l, resume=True), "checkpoint"),
            (dcrnn.FileError, lambda: dcrnn.fit(CONFIG, c, l, checkpoint=self.dir / "no" / "where"), "where"),
            (Usage, lambda: dcrnn.Model.load("a\0b"), "zero"),
            (dcrnn.FileError, lambda: dcrnn.Model.load(self.dir), "directory"),
            (dcrnn.ModelError, lambda: dcrnn.Model.from_bytes(b""), "0 bytes"),
            (dcrnn.ModelError, lambda: dcrnn.Model.from_bytes(self.model.to_bytes()[:-1])),
            (dcrnn.ModelError, lambda: dcrnn.Model.from_bytes(b"\xff" * 100)),
            (Usage, lambda: self.model.set_parameter("nobody", [1.0]), "nobody"),
            (Usage, lambda: self.model.set_parameter("head.click.bias", [1.0, 2.0]), "shape"),
            (Usage, lambda: self.model.set_parameter("head.click.bias", [np.nan]), "NaN"),
            (Usage, lambda: dcrnn.Trainer(self.model, total_steps=-1), "total_steps"),
            (Usage, lambda: dcrnn.Trainer(self.model, base_rates=[0.5]), "base_rates"),
            (Usage, lambda: dcrnn.Trainer(self.model, base_rates=[0.5, 2.0]), "base_rates"),
            (dcrnn.DataError, lambda: dcrnn.Trainer(self.model).step(c, l), "80 rows"),
            (Usage, lambda: self.model.evaluate(c, l, batch=0), "batch"),
            (Usage, lambda: dcrnn.gradcheck(CONFIG, rows=0), "rows"),
        ]
        for kind, call, *words in cases:
            with self.subTest(words=words):
                self.refused(kind, call, *words)

    def test_what_is_masked_is_missing(self):
        mask = np.arange(80) % 3 == 0
        x, user, click = self.columns["x"], self.columns["user"], self.labels["click"]
        masked = {**self.columns, "x": np.ma.masked_array(x, mask), "user": np.ma.masked_array(user, mask)}
        gaps = {**self.columns, "x": np.where(mask, np.nan, x), "user": np.where(mask, np.nan, user)}
        np.testing.assert_array_equal(self.model.predict(masked), self.model.predict(gaps))
        told = [self.model.evaluate(self.columns, {**self.labels, "click": labels})["tasks"]["click"]["auc"]
                for labels in (np.ma.masked_array(click, mask), np.where(mask, np.nan, click))]
        self.assertEqual(*told)

    def test_arguments_of_the_classifier(self):
        X = {"user": self.columns["user"], "x": self.columns["x"]}
        y = np.stack([self.labels["click"], self.labels["consume"]], axis=1)
        for options, word in [({"tasks": "click"}, "tasks"), ({"after": {"consum": "click"}}, "consum"),
                              ({"kinds": ["user"]}, "kinds"), ({"epochs": -1}, "epochs"), ({"dim": 0}, "dim")]:
            with self.assertRaisesRegex(ValueError, word):
                dcrnn.DCRNNClassifier(**{"tasks": ["click", "consume"], **options}).fit(X, y)
        for held in [7, (X,), [(X, y), (X, y)], (X, y, None, None)]:
            with self.assertRaisesRegex(ValueError, "eval_set|inconsistent"):
                dcrnn.DCRNNClassifier(epochs=1).fit(X, y, eval_set=held)
        one, listed = (dcrnn.DCRNNClassifier(epochs=2).fit(X, y, eval_set=held) for held in [(X, y), [(X, y)]])
        self.assertEqual(one.model_.to_bytes(), listed.model_.to_bytes())
        self.refused(dcrnn.UsageError, lambda: dcrnn.gradcheck(CONFIG, rows=2**62), "rows")

    def test_callbacks_that_raise(self):
        class Odd(Exception):
            pass

        def odd(_):
            raise Odd

        for hook in ("progress", "on_epoch"):
            with self.assertRaises(Odd):
                dcrnn.fit(CONFIG, self.columns, self.labels, **{hook: odd})

        def leave(_):
            sys.exit(3)

        with self.assertRaises(SystemExit):
            dcrnn.fit(CONFIG, self.columns, self.labels, progress=leave)

    def test_handles_that_are_closed(self):
        scorer = self.model.scorer()
        trainer = dcrnn.Trainer(self.model)
        for handle, call in ((scorer, lambda: scorer.score(self.columns)), (trainer, lambda: trainer.step(self.columns, self.labels))):
            handle.close()
            handle.close()
            self.refused(dcrnn.UsageError, call, "closed")
        self.refused(dcrnn.UsageError, scorer.clone, "closed")
        self.model.close()
        self.refused(dcrnn.UsageError, self.model.scorer, "closed")

    def test_a_promise_of_too_many_rows(self):
        small = np.broadcast_to(np.zeros(1, np.int8), (2**33,))
        fields = [{"name": "a", "type": "number", "transform": "none"}]
        model = dcrnn.Model.create({"fields": fields, "tasks": [{"name": "t"}]})
        import resource

        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, before[1]))
        try:
            self.refused(MemoryError, lambda: model.predict({"a": small}))
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)


if __name__ == "__main__":
    unittest.main()

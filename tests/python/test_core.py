"""The engine from Python: the bytes and bits of the program, and what a handle may be asked."""

import copy
import json
import os
import pickle
import signal
import threading
import unittest

from support import APP, CONFIG, FIELDS, HAS_NUMPY, PythonTest, log, write_csv

if HAS_NUMPY:
    import numpy as np

    import dcrnn


class Core(PythonTest):
    def test_fitted_on_arrays_is_what_the_program_makes_of_the_rows(self):
        if not APP:
            self.skipTest("SKIPPED: no program in DCRNN_APP")
        train, valid = log(600, 1), log(200, 2)
        write_csv(self.dir / "train.csv", *train)
        write_csv(self.dir / "valid.csv", *valid)
        (self.dir / "config.json").write_text(json.dumps(CONFIG))
        model = self.dir / "model"
        self.app("train", self.dir / "config.json", "--train", self.dir / "train.csv", "--valid", self.dir / "valid.csv",
                 "--out", model, "--quiet")
        fit = dcrnn.fit(CONFIG, *train, valid=valid)
        self.assertEqual(fit.model.to_bytes(), model.read_bytes())
        self.assertEqual(fit.epochs, len(fit.history))

        self.app("predict", model, "--data", self.dir / "valid.csv", "--out", self.dir / "p.csv")
        told = np.loadtxt(self.dir / "p.csv", delimiter=",", skiprows=1, dtype=np.float32)
        np.testing.assert_array_equal(dcrnn.Model.load(model).predict(valid[0]), told)
        report = json.loads(self.app("eval", model, "--data", self.dir / "valid.csv", "--json").stdout)
        ours = fit.model.evaluate(*valid)
        self.assertEqual(ours["tasks"]["consume"]["auc"], report["tasks"]["consume"]["auc"])

    def test_rate_fields_and_soft_labels_too(self):
        if not APP:
            self.skipTest("SKIPPED: no program in DCRNN_APP")
        rates = [
            {"name": "user_rate", "type": "rate", "of": ["user"], "blocks": 6},
            {"name": "pair", "type": "rate", "of": ["hour", {"column": "x", "bins": 4}], "order": "shuffled", "blocks": 4},
        ]
        tasks = [{"name": "click", "soft": "guess", "positive_weight": 2.0}, {"name": "consume", "after": "click"}]
        config = {**CONFIG, "fields": FIELDS + rates, "tasks": tasks, "project": 2, "wide": True, "weight": "w"}
        columns, labels = log(600, 1)
        rng = np.random.default_rng(4)
        hour, weights = rng.integers(0, 24, 600), np.round(rng.random(600), 3)
        guess = np.where(rng.random(600) < 0.2, np.nan, np.round(rng.random(600), 4))
        columns = {**columns, "hour": hour}
        write_csv(self.dir / "train.csv", {**columns, "guess": guess, "w": weights}, labels)
        (self.dir / "config.json").write_text(json.dumps(config))
        model = self.dir / "model"
        self.app("train", self.dir / "config.json", "--train", self.dir / "train.csv", "--out", model, "--quiet")
        fit = dcrnn.fit(config, columns, labels, weights, soft={"click": guess})
        self.assertEqual(fit.model.to_bytes(), model.read_bytes())
        self.assertEqual(fit.model.encode(columns)["pair.values"].shape, (600, 3))
        with self.assertRaises(dcrnn.DataError):
            fit.model.refresh(columns, labels, weights)  # they are in its tables
        new = log(100, 5)
        fit.model.refresh({**new[0], "hour": hour[:100]}, new[1], weights[:100])
        write_csv(self.dir / "new.csv", {**new[0], "hour": hour[:100], "w": weights[:100]}, new[1])
        self.app("refresh", model, "--data", self.dir / "new.csv", "--out", self.dir / "refreshed")
        self.assertEqual(fit.model.to_bytes(), (self.dir / "refreshed").read_bytes())

    def test_one_word_however_it_is_typed(self):
        columns, labels = log()
        model = dcrnn.fit(CONFIG, columns, labels).model
        expected = model.predict(columns)
        user = columns["user"]
        for same in (user.astype(np.int16), user.astype(np.uint64), user.astype(">i4"), user.astype(np.float32),
                     user.astype(str), user.astype(object), user.astype(str).astype(object), user.tolist(),
                     np.repeat(user, 2)[::2]):
            np.testing.assert_array_equal(model.predict({**columns, "user": same}), expected)

    def test_models_go_through_bytes_files_and_pickles(self):
        columns, labels = log()
        model = dcrnn.fit(CONFIG, columns, labels).model
        content = model.to_bytes()
        model.save(self.dir / "m")
        self.assertEqual((self.dir / "m").read_bytes(), content)
        for other in (dcrnn.Model.load(self.dir / "m"), dcrnn.Model.from_bytes(content), pickle.loads(pickle.dumps(model)),
                      copy.copy(model), copy.deepcopy(model)):
            self.assertEqual(other.to_bytes(), content)
        values = model.parameters()
        self.assertEqual(list(values["embedding.user.weight"].shape), model.inspect()["parameters"][0]["shape"])
        model.set_parameter("head.click.bias", values["head.click.bias"] + 1)
        self.assertNotEqual(model.to_bytes(), content)
        self.assertEqual(model.config["train"]["batch"], 64)
        self.assertEqual(model.tasks, ["click", "consume"])
        self.assertEqual(dcrnn.inspect(self.dir / "m")["fields"], model.fields)

    def test_ids_by_row_and_by_batch(self):
        fields = [{"name": f"f{i}", "type": "category", "encoding": "id", "size": 20, "dim": 3} for i in range(4)]
        model = dcrnn.Model.create({"fields": fields, "tasks": [{"name": "click"}]})
        ids = np.random.default_rng(1).integers(0, 20, (50, 4))
        scorer = model.scorer()
        whole = scorer.score({f"f{i}": ids[:, i] for i in range(4)})
        np.testing.assert_array_equal(scorer.score_ids(ids), whole)
        for row, p in zip(ids, whole):
            np.testing.assert_array_equal(scorer.score_ids(row.astype(np.uint32))[0], p)
        for bad in (ids[0] + 20, -ids[0] - 1, ids[0].astype(np.int64) + 2**32):
            with self.assertRaises(dcrnn.DataError):
                scorer.score_ids(bad)

    def test_steps_traces_and_gradcheck(self):
        columns, labels = log(64)
        model = dcrnn.Model.create(CONFIG, columns)
        trainer = dcrnn.Trainer(model, total_steps=40, base_rates=[0.5, 0.4])
        losses = [trainer.step(columns, labels) for _ in range(40)]
        self.assertLess(losses[-1], losses[0])
        trace = model.trace(columns, labels, double=True)
        self.assertEqual(trace["x0"].dtype, np.float64)
        np.testing.assert_allclose(trace["probability"], model.predict(columns), atol=1e-5)
        self.assertNotIn("loss.total", model.trace(columns))
        self.assertTrue(dcrnn.gradcheck(CONFIG, rows=4, elements=3)["ok"])
        with self.assertRaises(dcrnn.UsageError):
            model.close()
        trainer.close()
        model.close()
        with self.assertRaises(dcrnn.UsageError):
            model.to_bytes()

    def test_threads_at_once(self):
        columns, labels = log()
        model = dcrnn.fit(CONFIG, columns, labels).model
        expected = model.predict(columns)
        shared = model.scorer()
        wrong = []

        def work(scorer):
            for _ in range(20):
                if not np.array_equal(scorer.score(columns), expected):
                    wrong.append(scorer)

        threads = [threading.Thread(target=work, args=(s,)) for s in (shared, shared, shared.clone(), shared.clone())]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_ctrl_c_stops_within_a_step_and_leaves_a_model(self):
        columns, labels = log()
        steps = []

        def press(progress):
            if progress.stage == "training":
                steps.append(progress.done)
                if len(steps) == 3:
                    os.kill(os.getpid(), signal.SIGINT)

        before = signal.getsignal(signal.SIGINT)
        with self.assertRaises(KeyboardInterrupt) as caught:
            dcrnn.fit(CONFIG, columns, labels, progress=press)
        self.assertLessEqual(len(steps), 4)
        self.assertEqual(caught.exception.fit.reason, "stopped")
        self.assertEqual(caught.exception.fit.model.predict(columns).shape, (600, 2))
        self.assertEqual(signal.getsignal(signal.SIGINT), before)

    def test_resumed_is_as_if_never_stopped(self):
        columns, labels = log()
        whole = dcrnn.fit(CONFIG, columns, labels).model.to_bytes()
        left = [5]

        def few(progress):
            left[0] -= progress.stage == "training"
            return left[0] > 0

        path = self.dir / "checkpoint"
        stopped = dcrnn.fit(CONFIG, columns, labels, checkpoint=path, progress=few)
        self.assertEqual(stopped.reason, "stopped")
        self.assertTrue(path.exists())
        self.assertEqual(dcrnn.fit(CONFIG, columns, labels, checkpoint=path, resume=True).model.to_bytes(), whole)

    def test_a_child_after_fork_scores_the_same(self):
        columns, labels = log()
        model = dcrnn.fit(CONFIG, columns, labels, threads=2).model
        expected = model.predict(columns, threads=2)
        child = os.fork()
        if child == 0:
            os._exit(0 if np.array_equal(model.predict(columns, threads=2), expected) else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)

    def test_errors_have_code_place_and_help(self):
        columns, labels = log(20)
        with self.assertRaises(dcrnn.DataError) as caught:
            dcrnn.fit(CONFIG, {**columns, "x": np.array(["1.2.3"] * 20)}, labels)
        error = caught.exception
        self.assertEqual((error.code, error.place), (3, 'column "x", row 0'))
        self.assertTrue(error.help)
        self.assertIsInstance(error, ValueError)
        with self.assertRaises(FileNotFoundError.__base__):
            dcrnn.Model.load(self.dir / "nothing")


if __name__ == "__main__":
    unittest.main()

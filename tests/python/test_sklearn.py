"""The classifier among scikit-learn's own tools, and without them."""

import collections
import os
import pickle
import subprocess
import sys
import unittest
import warnings

from support import HAS_NUMPY, PythonTest, log, needs

if HAS_NUMPY:
    import numpy as np

    import dcrnn

# Checks of check_estimator that do not hold, and why.
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "rows are drawn into batches by their number: a row of weight 2 and the row "
    "twice, or a row of weight 0 and none, give other batches",
}


def binary(n=400, seed=1):
    columns, labels = log(n, seed)
    return np.stack([columns["x"], columns["user"] % 3 == 0], axis=1), labels["click"]


class Classifier(PythonTest):
    @needs("sklearn")
    def test_check_estimator(self):
        from sklearn.utils.estimator_checks import check_estimator

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = check_estimator(dcrnn.DCRNNClassifier(), expected_failed_checks=EXPECTED, on_fail=None)
        count = collections.Counter(result["status"] for result in results)
        print("check_estimator:", dict(count), file=sys.stderr)
        wrong = [(r["check_name"], r["exception"]) for r in results if r["status"] not in ("passed", "skipped", "xfail")]
        self.assertEqual(wrong, [])
        self.assertGreater(count["passed"], 40)
        self.assertLessEqual(count["skipped"] + count["xfail"], 5)

    @needs("sklearn")
    def test_pipelines_searches_and_calibration(self):
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.model_selection import GridSearchCV, cross_val_score
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        X, y = binary()
        pipeline = make_pipeline(StandardScaler(), dcrnn.DCRNNClassifier(epochs=5))
        self.assertGreater(pipeline.fit(X, y).score(X, y), 0.9)
        search = GridSearchCV(pipeline, {"dcrnnclassifier__epochs": [1, 6]}, cv=2, scoring="roc_auc").fit(X, y)
        self.assertGreater(search.best_score_, 0.9)
        self.assertGreater(cross_val_score(dcrnn.DCRNNClassifier(epochs=5), X, y, cv=3).mean(), 0.9)
        calibrated = CalibratedClassifierCV(dcrnn.DCRNNClassifier(epochs=5), cv=2).fit(X, y)
        self.assertGreater(calibrated.score(X, y), 0.9)

    @needs("sklearn")
    def test_metadata_routing(self):
        import sklearn
        from sklearn.model_selection import cross_validate

        X, y = binary()
        with sklearn.config_context(enable_metadata_routing=True):
            classifier = dcrnn.DCRNNClassifier(epochs=2).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
            scores = cross_validate(classifier, X, y, cv=2, params={"sample_weight": np.ones(len(y))})
        self.assertGreater(scores["test_score"].mean(), 0.8)

    @needs("pandas")
    def test_several_tasks_of_a_frame(self):
        import pandas

        columns, labels = log(600)
        X, y = pandas.DataFrame(columns), pandas.DataFrame(labels)
        held = log(200, 2)
        classifier = dcrnn.DCRNNClassifier(after={"consume": "click"}, kinds={"seconds": {"type": "number", "transform": "buckets"}})
        classifier.fit(X, y, eval_set=(pandas.DataFrame(held[0]), pandas.DataFrame(held[1])))
        self.assertEqual(classifier.kinds_, {"user": "category", "item": "category", "tags": "bag", "x": "number", "seconds": "number"})
        self.assertEqual(list(classifier.feature_names_in_), list(columns))
        p = classifier.predict_tasks(X)
        self.assertEqual(p.shape, (600, 2))
        self.assertTrue((p[:, 1] <= p[:, 0]).all())  # of a chain
        np.testing.assert_array_equal(classifier.predict_proba(X)[1][:, 1], p[:, 1])
        self.assertEqual(classifier.predict(X).shape, (600, 2))
        self.assertGreater(classifier.score(X, y), 0.85)
        self.assertGreater(classifier.evaluate(X, y)["tasks"]["click"]["auc"], 0.95)
        self.assertIn("valid", classifier.fit_.history[0])
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(classifier)).predict_tasks(X), p)
        with self.assertRaises(ValueError):
            classifier.predict(X[["user"]])
        rate = {"user_rate": {"type": "rate", "of": ["user"]}}
        rated = dcrnn.DCRNNClassifier(kinds=rate, epochs=1).fit(X, y)
        self.assertIn("user_rate", rated.model_.fields)
        self.assertEqual(rated.predict_tasks(X).shape, (600, 2))
        with self.assertRaisesRegex(ValueError, "nobody"):
            dcrnn.DCRNNClassifier(kinds={"nobody": "number"}).fit(X, y)

    def test_callbacks_and_classes_of_text(self):
        X, y = binary()
        words = np.where(y == 1, "yes", "no")
        seen = []
        classifier = dcrnn.DCRNNClassifier().fit(X, words, callbacks=[seen.append, lambda progress: progress.epoch < 3])
        self.assertEqual(classifier.classes_.tolist(), ["no", "yes"])
        self.assertEqual((classifier.fit_.reason, seen[-1].epoch), ("stopped", 3))
        self.assertGreater((classifier.predict(X) == words).mean(), 0.8)
        for wrong in (np.arange(400) % 3, np.zeros(400), np.linspace(0, 1, 400), None, np.zeros((400, 2, 2)), words[1:]):
            with self.assertRaises(ValueError):
                dcrnn.DCRNNClassifier().fit(X, wrong)

    def test_partial_fit_learns(self):
        X, y = binary()
        classifier = dcrnn.DCRNNClassifier(batch=50)
        for _ in range(20):
            classifier.partial_fit(X, y)
        self.assertGreater(classifier.score(X, y), 0.9)
        self.assertEqual(classifier.fit_.rows_trained, 8000)

    def test_without_scikit_learn(self):
        program = (
            "import sys; sys.modules['sklearn'] = None\n"
            "import numpy as np, dcrnn\n"
            "c = dcrnn.DCRNNClassifier(epochs=2)\n"
            "try: c.predict(np.zeros((1, 1)))\n"
            "except ValueError as e: assert 'not fitted' in str(e)\n"
            "X = np.arange(80.0).reshape(40, 2); c.fit(X, X[:, 0] > 40)\n"
            "assert c.predict_proba(X).shape == (40, 2) and c.set_params(epochs=3).get_params()['epochs'] == 3\n"
        )
        subprocess.run([sys.executable, "-c", program], check=True, env=os.environ)


if __name__ == "__main__":
    unittest.main()

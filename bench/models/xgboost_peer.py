"""XGBoost: histograms, categories as such, one model per task, early stopping on valid."""
import numpy as np
import xgboost

THREADS = 2


def VERSION():
    return xgboost.__version__


def train(log, seed):
    x, valid = log.with_categories(log.train), log.with_categories(log.valid)
    models = []
    for t in range(len(log.tasks)):
        model = xgboost.XGBClassifier(n_estimators=3000, learning_rate=0.05, max_depth=8, enable_categorical=True,
                                      eval_metric="logloss", early_stopping_rounds=50, n_jobs=THREADS,
                                      random_state=seed)
        model.fit(x, log.truth("train")[:, t], eval_set=[(valid, log.truth("valid")[:, t])], verbose=False)
        models.append(model)

    def score(frame):
        rows = log.with_categories(frame)
        return np.stack([model.predict_proba(rows)[:, 1] for model in models], 1)

    def one(frame):
        row = log.with_categories(frame)
        return lambda: [model.predict_proba(row) for model in models]

    score.one = one
    return score

"""XGBoost: histograms, categories as such, one model per task, early stopping on valid."""
import xgboost

from common import scorer_of

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

    return scorer_of(log, models)

"""LightGBM: categories as such, one model per task, early stopping on valid."""
import lightgbm

from common import scorer_of

THREADS = 2


def VERSION():
    return lightgbm.__version__


def train(log, seed):
    x, valid = log.with_categories(log.train), log.with_categories(log.valid)
    models = []
    for t in range(len(log.tasks)):
        model = lightgbm.LGBMClassifier(n_estimators=3000, learning_rate=0.05, num_leaves=63, n_jobs=THREADS,
                                        random_state=seed, verbose=-1)
        model.fit(x, log.truth("train")[:, t], eval_set=[(valid, log.truth("valid")[:, t])],
                  callbacks=[lightgbm.early_stopping(50, verbose=False)])
        models.append(model)

    return scorer_of(log, models)

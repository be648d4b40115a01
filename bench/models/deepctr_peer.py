"""DeepCTR-Torch: MMOE at its defaults, embeddings 4 wide, Adam, batch 256 as its examples, the best epoch on valid."""
import copy
import warnings

import numpy as np
import torch

from common import auc

warnings.filterwarnings("ignore")
PATIENCE = 2


def VERSION():
    import deepctr_torch
    return deepctr_torch.__version__


def train(log, seed):
    from deepctr_torch.inputs import DenseFeat, SparseFeat
    from deepctr_torch.models import MMOE

    torch.set_num_threads(2)
    torch.manual_seed(seed)
    columns = [SparseFeat(c, len(log.levels(c)) + 1, embedding_dim=4) for c in log.categories]
    columns += [DenseFeat(c, 1) for c in log.numbers]

    def inputs(frame):
        codes, numbers = log.codes(frame), log.standardized(frame)
        return {**{c: codes[:, i] for i, c in enumerate(log.categories)},
                **{c: numbers[:, i] for i, c in enumerate(log.numbers)}}

    model = MMOE(columns, seed=seed, task_types=["binary"] * len(log.tasks), task_names=log.tasks)
    model.compile("adam", loss=["binary_crossentropy"] * len(log.tasks), metrics=[])
    x, y, valid, truth = inputs(log.train), log.truth("train"), inputs(log.valid), log.truth("valid")
    best, kept, since = -1.0, None, 0
    for epoch in range(10):
        model.fit(x, y, batch_size=256, epochs=1, verbose=0)
        p = model.predict(valid, batch_size=4096)
        score = np.mean([auc(truth[:, t], p[:, t]) for t in range(truth.shape[1])])
        if score > best:
            best, kept, since = score, copy.deepcopy(model.state_dict()), 0
        else:
            since += 1
            if since == PATIENCE:
                break
    model.load_state_dict(kept)

    def one(frame):
        row = inputs(frame)
        return lambda: model.predict(row, batch_size=1)

    def score(frame):
        return model.predict(inputs(frame), batch_size=4096)

    score.one = one
    return score

"""torch-rechub: PLE with the settings of its census example (embeddings 4 wide, Adam 1e-3, weight decay 1e-4, batch 1024), early
stopping on valid."""
import contextlib
import io
import os
import tempfile

import numpy as np
import torch


def VERSION():
    from importlib.metadata import version
    return version("torch-rechub")


def train(log, seed):
    from torch_rechub.basic.features import DenseFeature, SparseFeature
    from torch_rechub.models.multi_task import PLE
    from torch_rechub.trainers import MTLTrainer
    from torch_rechub.utils.data import DataGenerator

    torch.set_num_threads(2)
    torch.manual_seed(seed)
    features = [SparseFeature(c, vocab_size=len(log.levels(c)) + 1, embed_dim=4) for c in log.categories]
    features += [DenseFeature(c) for c in log.numbers]

    def inputs(frame):
        codes, numbers = log.codes(frame), log.standardized(frame)
        return {**{c: codes[:, i] for i, c in enumerate(log.categories)},
                **{c: numbers[:, i] for i, c in enumerate(log.numbers)}}

    T = len(log.tasks)
    model = PLE(features, ["classification"] * T, n_level=1, n_expert_specific=2, n_expert_shared=1,
                expert_params={"dims": [16]}, tower_params_list=[{"dims": [8]}] * T)
    x, y = inputs(log.train), log.truth("train").astype(np.float32)
    train_loader, valid_loader, _ = DataGenerator(x, y).generate_dataloader(
        x_val=inputs(log.valid), y_val=log.truth("valid").astype(np.float32), x_test=inputs(log.valid[:1]),
        y_test=log.truth("valid")[:1].astype(np.float32), batch_size=1024)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        trainer = MTLTrainer(model, task_types=["classification"] * T, optimizer_params={"lr": 1e-3, "weight_decay": 1e-4},
                             n_epoch=25, earlystop_patience=3, device="cpu", model_path=folder)
        trainer.fit(train_loader, valid_loader)
    model.eval()

    def tensors(frame):
        return {c: torch.as_tensor(values) for c, values in inputs(frame).items()}

    def score(frame):
        with torch.no_grad():
            return np.concatenate([model(tensors(frame[i : i + 4096])).numpy() for i in range(0, len(frame), 4096)])

    def one(frame):
        row = tensors(frame)

        def run():
            with torch.no_grad():
                return model(row)

        return run

    score.one = one
    return score

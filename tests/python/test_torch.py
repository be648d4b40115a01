"""The twin in PyTorch: logits, probabilities, loss and gradients of every kind of layer, and the way back."""

import unittest

from support import CONFIG, FIELDS, HAS_NUMPY, PythonTest, log, needs

if HAS_NUMPY:
    import numpy as np

    import dcrnn

CROSSES = [
    {"layers": 2},
    {"layers": 3, "tied": False},
    {"layers": 2, "candidate": "tanh"},
    {"layers": 2, "candidate": "tanh", "tied": False},
    {"layers": 0},
    {"kind": "none"},
    {"kind": "dcn", "layers": 2},
    {"kind": "dcn_v2", "layers": 2},
    {"kind": "dcn_v2", "layers": 2, "rank": 3, "tied": True},
    {"kind": "gated_dcn", "layers": 2},
]
SHARINGS = [
    [],
    [{"shared": 8, "private": 4}, {"shared": 6, "private": 0, "gate": "static"}],
    [{"shared": 5, "private": 3, "gate": "none"}, {"shared": 0, "private": 4}],
    [{"kind": "mmoe", "experts": 3, "units": 5}, {"kind": "mmoe", "experts": 2, "units": 4, "gate": "static"}],
    [{"kind": "ple", "shared_experts": 2, "task_experts": 1, "units": 4}, {"kind": "ple", "shared_experts": 1, "task_experts": 2, "units": 3}],
    [{"kind": "cross_stitch", "units": 6}],
]
RATES = [
    {"name": "user_rate", "type": "rate", "of": ["user"]},
    {"name": "pair", "type": "rate", "of": ["item", {"column": "x", "bins": 4}], "tasks": ["consume"], "count": False},
]
SOFT = [{"name": "click", "soft": "guess", "positive_weight": 2.5}, {"name": "consume", "after": "click", "weight": 0.7}]


def configs():
    """Every kind of every role, and the options of loss and probability."""
    for i in range(max(len(CROSSES), len(SHARINGS))):
        yield {
            **CONFIG,
            "cross": CROSSES[i % len(CROSSES)],
            "sharing": SHARINGS[i % len(SHARINGS)],
            "tower": [[6], [], [5, 4]][i % 3],
            "transfer": ["gru", "ait", "none"][i % 3],
            **({"probability": "independent", "calibrator": 0.5} if i % 2 else {}),
            **({"weighting": "uncertainty"} if i % 4 == 1 else {}),
            **({"activation": "silu"} if i % 5 == 3 else {}),
            **({"wide": True} if i % 2 else {}),
            **({"fields": FIELDS + RATES} if i % 3 == 1 else {}),
            **({"project": 2} if i % 6 == 1 else {}),
            **({"tasks": SOFT} if i % 4 >= 2 else {}),
        }
    alone = {"head": False, "wide": True, "cross": {"kind": "none"}, "sharing": [], "tower": [], "transfer": "none"}
    yield {**CONFIG, **alone, "fields": FIELDS + RATES}


@needs("torch")
class Torch(PythonTest):
    def test_every_kind_gives_the_numbers_of_the_engine(self):
        import torch

        import dcrnn.torch

        columns, labels = log(80)
        guess = np.where(np.arange(80) % 7 == 0, np.nan, np.linspace(0, 1, 80))
        for config in configs():
            with self.subTest(cross=config["cross"], sharing=config["sharing"], transfer=config["transfer"]):
                soft = {"click": guess} if config["tasks"] is SOFT else None
                model = dcrnn.fit({**config, "train": {"epochs": 1, "batch": 40}}, columns, labels, soft=soft).model
                trace = model.trace(columns, labels, soft=soft, double=True)
                twin = dcrnn.torch.Twin(model).double()
                batch = twin.encode(columns)
                logits = twin(batch)
                close = dict(rtol=1e-9, atol=1e-12)
                np.testing.assert_allclose(logits.detach().numpy(), trace["logit"], **close)
                np.testing.assert_allclose(twin.probabilities(logits).detach().numpy(), trace["probability"], **close)
                loss = twin.loss(logits, labels, soft=soft)
                np.testing.assert_allclose(loss.item(), trace["loss.total"][0], **close)
                loss.backward()
                names = twin.file_names()
                self.assertEqual(set(names.values()), set(model.parameters()))
                for state, parameter in twin.named_parameters():
                    want = trace["grad." + names[state]]
                    got = np.zeros_like(want) if parameter.grad is None else parameter.grad.numpy()
                    np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-10 * max(1.0, np.abs(want).max()), err_msg=names[state])
                single = dcrnn.torch.Twin(model)
                with torch.no_grad():
                    p = single.probabilities(single(batch)).numpy()
                np.testing.assert_allclose(p, model.predict(columns), rtol=0, atol=1e-6)

    def test_trained_there_it_scores_the_same_here(self):
        import torch

        import dcrnn.torch

        columns, labels = log(300)
        model = dcrnn.Model.create(CONFIG, columns)
        twin = dcrnn.torch.Twin(model)
        self.assertEqual(twin.to_model().to_bytes(), model.to_bytes())
        batch = twin.encode(columns)
        optimizer = torch.optim.Adam(twin.parameters(), lr=0.02)
        losses = []
        for _ in range(100):
            optimizer.zero_grad()
            loss = twin.loss(twin(batch), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        self.assertLess(losses[-1], 0.8 * losses[0])
        twin.save(self.dir / "trained")
        with torch.no_grad():
            p = twin.probabilities(twin(batch)).numpy()
        np.testing.assert_allclose(dcrnn.Model.load(self.dir / "trained").predict(columns), p, rtol=0, atol=1e-6)
        self.assertEqual(dcrnn.torch.Twin.load(self.dir / "trained").to_model().to_bytes(), (self.dir / "trained").read_bytes())

    def test_names_that_are_words_of_torch(self):
        import dcrnn.torch

        columns, labels = log(50)
        renamed = [{**field, "name": name, "column": field["name"]} for field, name in zip(FIELDS, ["type", "keys", "double", "weight", "gate"])]
        config = {**CONFIG, "fields": renamed, "tasks": [{"name": "shared", "label": "a"}, {"name": "forward", "label": "b"}]}
        model = dcrnn.Model.create(config, columns)
        twin = dcrnn.torch.Twin(model)
        logits = twin(twin.encode(columns)).detach().numpy()
        np.testing.assert_allclose(logits, model.scorer().score(columns, logits=True)[1], atol=1e-5)


if __name__ == "__main__":
    unittest.main()

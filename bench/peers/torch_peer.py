#!/usr/bin/env python3
"""The same models, rows and steps in PyTorch, and scoring in ONNX Runtime. Prints the JSON of Google Benchmark.

    torch_peer.py WORKLOADS [--filter REGEX] [--repetitions N] [--min-time SECONDS] > result.json

Training steps are taken by three writings of the model, the same in everything but the embeddings and cross layers:

- `PyTorch`: with PyTorch's own modules. A torch.nn.Embedding per field, and a torch.nn.GRUCell called in every cross
  layer, which computes x0 W^T each time. For the candidate cross there is no module: its formula, written like one.
- `PyTorch-tuned`: for speed, by hand. One lookup for all fields, x0 W^T once for all layers, addcmul and lerp.
- `PyTorch-compiled`: the tuned one, all behind the lookup by torch.compile, which wants a C++ compiler.

The tuned writing scores:

- `PyTorch`: as TorchScript, frozen, or optimized for inference if that is faster.
- `PyTorch-compiled`: by torch.compile with frozen weights.
- `ONNX Runtime`: exported to ONNX (`pip install -r bench/peers/requirements.txt`).

WORKLOADS is what `write_workloads` wrote. The loss of the first steps and the probabilities must equal those
found there, else a benchmark reports an error instead of times.
"""
import argparse
import glob
import inspect
import io
import json
import os
import re
import sys
import time
import timeit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

import torch
from torch.nn import functional as F

from verify_torch import read_safetensors


def parameter(array):
    return torch.nn.Parameter(torch.as_tensor(array).clone())


def linear(weight, bias):
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight, layer.bias = parameter(weight), parameter(bias)
    return layer


def tables(tensors, config):
    """One for every field of categories."""
    names = [field["name"] for field in config["fields"] if field["type"] == "category"]
    return [torch.tensor(tensors[f"embedding.{name}.weight"]) for name in names]


class Partial(torch.nn.Module):
    """One shared layer, and what gates let in of it beside units of each task's own."""

    def __init__(self, layer, tasks, block):
        super().__init__()
        self.shared = layer("sharing.0.shared")
        self.gates = torch.nn.ModuleList(
            layer(f"sharing.0.{t}.gate") for t in tasks if block.get("gate", "input") == "input")
        self.privates = torch.nn.ModuleList(layer(f"sharing.0.{t}.private") for t in tasks if block.get("private", 32))

    def forward(self, h):
        s = torch.relu(self.shared(h))
        after = [torch.sigmoid(gate(h)) * s for gate in self.gates] or [s, s]
        if self.privates:
            after = [torch.cat([v, torch.relu(own(h))], 1) for v, own in zip(after, self.privates)]
        return after


class Experts(torch.nn.Module):
    """mmoe and ple: all experts and gates read the same rows, so they are one product."""

    def __init__(self, layer, tasks, block):
        super().__init__()
        own = [] if block["kind"] == "mmoe" else [f"sharing.0.{t}.expert" for t in tasks]
        parts = [layer("sharing.0.expert")] + [layer(name) for name in own]
        self.units = block.get("units", 32)
        self.shared, self.own = parts[0].out_features // self.units, block.get("task_experts", 1) if own else 0
        parts += [layer(f"sharing.0.{t}.gate") for t in tasks]
        self.width = (self.shared + self.own * len(own)) * self.units
        self.all = linear(*(torch.cat([getattr(part, what).detach() for part in parts]) for what in ("weight", "bias")))

    def forward(self, h):
        a = self.all(h)
        units = torch.relu(a[:, : self.width]).view(len(h), -1, self.units)
        gates = a[:, self.width :].view(len(h), 2, -1).softmax(2)
        if not self.own:
            return torch.bmm(gates, units).unbind(1)
        shared, after = torch.bmm(gates[:, :, self.own :], units[:, : self.shared]), []
        for t in range(2):
            first = self.shared + t * self.own
            after.append(torch.baddbmm(shared[:, t, None], gates[:, t, None, : self.own],
                                       units[:, first : first + self.own]).squeeze(1))
        return after


class Dcrnn(torch.nn.Module):
    """One sharing block, one tower layer per task, click -> consume. Its writings say how to `embed` and `cross`."""

    def __init__(self, tensors, config):
        super().__init__()
        self.kind = config["cross"].get("kind", "gru")
        self.crossing = config["cross"].get("candidate", "cross") == "cross"
        self.layers = config["cross"].get("layers", 3)
        self.width = tensors["sharing.0.shared.weight" if "sharing.0.shared.weight" in tensors
                             else "sharing.0.expert.weight"].shape[1]

        def layer(name):
            return linear(tensors[name + ".weight"], tensors[name + ".bias"])

        click, consume = tasks = [task["name"] for task in config["tasks"]]
        (block,) = config["sharing"]
        self.share = (Partial if block.get("kind", "partial") == "partial" else Experts)(layer, tasks, block)
        self.tower_click, self.tower_consume = (layer(f"tower.{t}.0") for t in tasks)
        self.head_click, self.head_consume = (layer(f"head.{t}") for t in tasks)
        self.transferring = config.get("transfer", "gru") == "gru"
        if self.transferring:
            transfer = f"transfer.{consume}."
            self.t_ih, self.t_hh = (parameter(tensors[f"{transfer}weight_{k}"]) for k in ("ih", "hh"))
            self.t_bih, self.t_bhh = (parameter(tensors[f"{transfer}bias_{k}"]) for k in ("ih", "hh"))
        if self.kind == "dcn_v2":
            self.products = torch.nn.ModuleList(layer(f"cross.{l}") for l in range(self.layers))

    def cross(self, x0):
        if self.kind == "gru":
            return self.gru(x0)
        h = x0
        if self.kind == "dcn_v2":
            for product in self.products:
                h = torch.addcmul(h, x0, product(h))
        return h

    def forward(self, ids, numbers):
        """[B, 2] p(click), p(click and consume)."""
        return self.probabilities(self.embed(ids, numbers))

    def probabilities(self, x0):
        click, consume = self.share(self.cross(x0))
        click, consume = torch.relu(self.tower_click(click)), torch.relu(self.tower_consume(consume))
        if self.transferring:
            consume = torch.gru_cell(consume, click, self.t_ih, self.t_hh, self.t_bih, self.t_bhh)
        p_click = torch.sigmoid(self.head_click(click))
        return torch.cat([p_click, p_click * torch.sigmoid(self.head_consume(consume))], 1)


class CrossCell(torch.nn.Module):
    """What torch.nn.GRUCell is to the candidate tanh."""

    def __init__(self, w_ih, w_hh, b_ih, b_hh):
        super().__init__()
        D = w_hh.shape[1]
        self.input, self.state = linear(w_ih, b_ih), linear(w_hh[: 2 * D], b_hh[: 2 * D])
        self.candidate = linear(w_hh[2 * D :], b_hh[2 * D :])

    def forward(self, x0, h):
        r, z = torch.sigmoid(self.input(x0) + self.state(h)).chunk(2, 1)
        n = x0 * self.candidate(r * h) + h
        return (1 - z) * n + z * h


class Plain(Dcrnn):
    """With PyTorch's own modules."""

    def __init__(self, tensors, config, sparse):
        super().__init__(tensors, config)
        self.embedding = torch.nn.ModuleList(
            torch.nn.Embedding.from_pretrained(table, freeze=False, sparse=sparse) for table in tables(tensors, config))
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        if self.kind != "gru":
            return
        if self.crossing:
            self.cell = CrossCell(*(tensors[f"cross.{name}"] for name in names))
        else:
            self.cell = torch.nn.GRUCell(self.width, self.width)
            for name in names:
                setattr(self.cell, name, parameter(tensors[f"cross.{name}"]))

    def embed(self, ids, numbers):
        columns = [table(column) for table, column in zip(self.embedding, ids.unbind(1))]
        return torch.cat(columns + [numbers], 1)

    def gru(self, x0):
        h = x0
        for _ in range(self.layers):
            h = self.cell(x0, h)
        return h


class Tuned(Dcrnn):
    """By hand, for speed."""

    def __init__(self, tensors, config, sparse):
        super().__init__(tensors, config)
        every = tables(tensors, config)
        sizes = [len(table) for table in every]
        self.register_buffer("begin", torch.tensor([sum(sizes[:i]) for i in range(len(sizes))]))
        self.embedding = torch.nn.Embedding.from_pretrained(torch.cat(every), freeze=False, sparse=sparse)
        self.numbers = len(config["fields"]) > len(every)
        if self.kind != "gru":
            return
        self.w_ih, self.w_hh = (parameter(tensors[f"cross.weight_{k}"]) for k in ("ih", "hh"))
        self.b_ih, self.b_hh = (parameter(tensors[f"cross.bias_{k}"]) for k in ("ih", "hh"))

    def embed(self, ids, numbers):
        x0 = self.embedding(ids + self.begin).flatten(1)
        return torch.cat([x0, numbers], 1) if self.numbers else x0

    def gru(self, x0):
        D = self.width
        gi = F.linear(x0, self.w_ih, self.b_ih)  # the same in all layers
        gi_rz = gi[:, : 2 * D]
        h = x0
        if self.crossing:
            u_rz, u_n = self.w_hh[: 2 * D], self.w_hh[2 * D :]
            d_rz, d_n = self.b_hh[: 2 * D], self.b_hh[2 * D :]
            for _ in range(self.layers):
                r, z = torch.sigmoid(gi_rz + F.linear(h, u_rz, d_rz)).chunk(2, 1)
                n = torch.addcmul(h, x0, F.linear(r * h, u_n, d_n))
                h = torch.lerp(n, h, z)
        else:
            gi_n = gi[:, 2 * D :]
            for _ in range(self.layers):
                gh = F.linear(h, self.w_hh, self.b_hh)
                r, z = torch.sigmoid(gi_rz + gh[:, : 2 * D]).chunk(2, 1)
                n = torch.tanh(torch.addcmul(gi_n, r, gh[:, 2 * D :]))
                h = torch.lerp(n, h, z)
        return h


class Compiled(Tuned):
    """By torch.compile, but for the lookup, whose gradient may be sparse."""

    def __init__(self, tensors, config, sparse):
        super().__init__(tensors, config, sparse)
        self.probabilities = torch.compile(self.probabilities, dynamic=False, fullgraph=True)


WRITINGS = {"PyTorch": Plain, "PyTorch-tuned": Tuned, "PyTorch-compiled": Compiled}


class Workload:
    def __init__(self, path):
        self.tensors, metadata = read_safetensors(path)
        self.config = json.loads(metadata["dcrnn"])
        self.rows, _ = read_safetensors(path.replace(".safetensors", ".rows.safetensors"))
        self.name = os.path.basename(path).replace(".safetensors", "").replace(",", "/")
        self.batch = self.config["train"]["batch"]
        self.gru = self.config["cross"].get("kind", "gru") == "gru"
        self.million = any(field.get("size", 0) >= 1_000_000 for field in self.config["fields"])

    def turns(self, batch):
        """(ids, numbers, labels) of all batches of this size."""
        columns = [torch.tensor(self.rows["ids"].astype("i8")), torch.tensor(self.rows["numbers"]),
                   torch.tensor(self.rows["labels"].astype("f4"))]
        return list(zip(*(column.split(batch) for column in columns)))


class Training:
    def __init__(self, workload, writing, sparse):
        self.model = writing(workload.tensors, workload.config, sparse)
        options = workload.config["train"]["optimizer"]
        adam = {"lr": options["rate"], "betas": (options["beta1"], options["beta2"]), "eps": options["epsilon"]}
        embedding = list(self.model.embedding.parameters())
        others = [p for name, p in self.model.named_parameters() if not name.startswith("embedding")]
        fast = {"fused": True} if "fused" in inspect.signature(torch.optim.Adam).parameters else {}
        self.optimizers = [torch.optim.Adam(others if sparse else others + embedding, **adam, **fast)]
        if sparse:
            self.optimizers.append(torch.optim.SparseAdam(embedding, **adam))

    def step(self, ids, numbers, labels):
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss = 2 * F.binary_cross_entropy(self.model(ids, numbers), labels)  # the sum over two tasks
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()
        return loss


def check(what, got, want, tolerance):
    error = float((torch.as_tensor(got).double() - torch.as_tensor(want).double()).abs().max())
    if not error <= tolerance:
        raise ValueError(f"NOT EQUAL: {what} differs by {error:.3g}, allowed {tolerance:.3g}")


def training(workload, writing, threads):
    """The better of tables with dense and with sparse gradients; of a million rows only the latter."""
    torch.compiler.reset()
    torch.set_num_threads(threads)
    turns = workload.turns(workload.batch)
    seconds = {}
    for sparse in (True,) if workload.million else (False, True):
        trial = Training(workload, writing, sparse)
        losses = [trial.step(*turns[0]).item() for _ in workload.rows["losses"]]
        check("loss", losses[:1], workload.rows["losses"][:1].copy(), 1e-5)
        check("loss after steps", losses, workload.rows["losses"].copy(), 1e-3)
        seconds[sparse] = min(timeit.repeat(lambda: trial.step(*turns[1]), number=3, repeat=3))
    subject = Training(workload, writing, min(seconds, key=seconds.get))
    position = iter(range(1 << 62))
    return lambda: subject.step(*turns[next(position) % len(turns)])


def scripted(model, example):
    """TorchScript: frozen, and optimized for inference."""
    return [torch.jit.freeze(torch.jit.trace(model, example)),
            torch.jit.optimize_for_inference(torch.jit.trace(model, example))]


def compiled(model, example):
    return [torch.compile(model, dynamic=False, fullgraph=True, options={"freezing": True})]


def exported(model, example):
    """A session of ONNX Runtime, called with tensors like the others."""
    import onnxruntime

    file = io.BytesIO()
    torch.onnx.export(model, example, dynamo=True, verbose=False).save(file)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]  # without numbers there is but one
    return [lambda *rows: session.run(None, {name: value.numpy() for name, value in zip(names, rows)})[0]]


SCORERS = {"PyTorch": scripted, "PyTorch-compiled": compiled, "ONNX Runtime": exported}


def scoring(workload, batch, make):
    """The fastest of the candidates that `make` makes of the tuned writing."""
    torch.compiler.reset()
    torch.set_num_threads(1)
    turns = workload.turns(batch)[:64]
    model = Tuned(workload.tensors, workload.config, False).eval()
    example = turns[0][:2]
    with torch.no_grad():
        candidates = make(model, example)
        times = []
        for candidate in candidates:
            for _ in range(20):  # the profiling executor settles
                probabilities = candidate(*example)
            check("probability", probabilities, workload.rows["probabilities"][:batch].copy(), 1e-5)
            begin = time.perf_counter()
            for turn in turns[:20]:
                candidate(*turn[:2])
            times.append(time.perf_counter() - begin)
    best = candidates[times.index(min(times))]
    position = iter(range(1 << 62))

    def run():
        with torch.no_grad():
            ids, numbers, _ = turns[next(position) % len(turns)]
            best(ids, numbers)

    return run


def measure(run, min_time):
    """(iterations, wall, CPU) seconds per iteration."""
    iterations = 1
    while True:
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(iterations):
            run()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if wall >= min_time:
            return iterations, wall / iterations, cpu / iterations
        iterations = max(iterations + 1, int(iterations * 1.2 * min_time / max(wall, 1e-9)))


def product(make):
    """One of a peer's own, to see whether it runs at its best here."""
    torch.set_num_threads(1)
    x = torch.randn(1024, 429)
    layer = torch.nn.Linear(429, 429, bias=False).eval()
    run = make(layer, (x,))[0]

    def multiply():
        with torch.no_grad():
            return run(x)

    check("product", multiply(), x.double() @ layer.weight.detach().double().T, 1e-4)
    return multiply


PRODUCTS = {"PyTorch": lambda layer, example: [layer], "ONNX Runtime": exported}


def benchmarks(workloads):
    """(name, rows, make)."""
    for who, make in PRODUCTS.items():
        yield f"machine/{who}/product/in=429/out=429/B=1024", 1024, lambda m=make: product(m)
    for workload in workloads:
        for threads in (1, 2):
            for name, writing in WRITINGS.items():
                if threads == 2 and not workload.gru:
                    continue
                yield (f"step/{workload.name}/threads={threads}/{name}", workload.batch,
                       lambda w=workload, m=writing, n=threads: training(w, m, n))
    for workload in workloads:
        if workload.gru and workload.batch == 1024 and not workload.million:
            for batch in (1, 64, 1024):
                name = re.sub(r"B=\d+", f"B={batch}", workload.name)
                for who, make in SCORERS.items():
                    yield f"score/{name}/{who}", batch, lambda w=workload, n=batch, m=make: scoring(w, n, m)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("workloads")
    parser.add_argument("--filter", default=".")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--min-time", type=float, default=0.2)
    options = parser.parse_args()
    paths = sorted(path for path in glob.glob(os.path.join(options.workloads, "*.safetensors"))
                   if not path.endswith(".rows.safetensors"))
    results = []
    for name, rows, make in benchmarks([Workload(path) for path in paths]):
        if not re.search(options.filter, name):
            continue
        entry = {"name": name, "run_name": name, "run_type": "iteration", "time_unit": "us"}
        try:
            run = make()
            run()
            for repetition in range(options.repetitions):
                iterations, wall, cpu = measure(run, options.min_time)
                results.append({**entry, "repetition_index": repetition, "iterations": iterations,
                                "real_time": wall * 1e6, "cpu_time": cpu * 1e6, "rows/s": rows / wall,
                                "verified": 1.0})
                print(f"{name:70} {wall * 1e6:12.1f} us {cpu * 1e6:12.1f} us", file=sys.stderr)
        except (ValueError, RuntimeError, ImportError) as error:
            reason = str(error).strip().partition("\n")[0]
            results.append({**entry, "error_occurred": True, "error_message": reason})
            print(f"{name}: {error}", file=sys.stderr)
    built = torch.__config__.show()
    chose = [re.search(pattern, built) for pattern in (r"BLAS_INFO=(\w+)", r"CPU capability usage: (\S+)")]
    context = {"peer PyTorch": ", ".join([torch.__version__] + [found[1] for found in chose if found])}
    if "onnxruntime" in sys.modules:
        context["peer ONNX Runtime"] = sys.modules["onnxruntime"].__version__
    json.dump({"context": context, "benchmarks": results}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()

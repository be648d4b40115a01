#!/usr/bin/env python3
"""Recomputes a DCRNN model in PyTorch double and compares with what `dcrnn trace` wrote.

    dcrnn trace model.safetensors --data rows.csv --out trace.safetensors
    scripts/verify_torch.py model.safetensors rows.csv trace.safetensors

It shares no code with the engine: the model file, the CSV and the equations are read anew here, and every
gradient comes from automatic differentiation. It is also the shortest complete description of the model; read
it from `Model` on. `--random N --dcrnn PATH` makes N random models covering every option and compares both
precisions of PATH. Needs numpy and torch.
"""
import argparse
import csv
import gzip
import io
import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile

import numpy as np
import torch

# ------------------------------------------------------------------------------------------- safetensors
DTYPES = {"F64": "<f8", "F32": "<f4", "U64": "<u8", "U32": "<u4", "U8": "u1", "I8": "i1"}


def read_safetensors(path):
    """{name: array}, metadata."""
    with open(path, "rb") as file:
        data = file.read()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata


def write_safetensors(path, tensors, metadata=None):
    names = {np.dtype(text): name for name, text in DTYPES.items()}
    header, blocks, offset = {}, [], 0
    if metadata:
        header["__metadata__"] = metadata
    for name, array in tensors.items():
        block = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": names[array.dtype], "shape": list(array.shape),
                        "data_offsets": [offset, offset + len(block)]}
        blocks.append(block)
        offset += len(block)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # data begins at a multiple of 8
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blocks))


# ----------------------------------------------------------------------------------------- data -> batch
def read_csv(path):
    """{column: list of cells}; a cell is text whose odd bytes survive as surrogates."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    text = data.decode("utf-8-sig", "surrogateescape")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    return {name: [row[i] for row in rows[1:] if row] for i, name in enumerate(rows[0])}


def xxh64(data):
    """XXH64 with seed 0 of some bytes."""
    mask = (1 << 64) - 1
    p1, p2, p3, p4, p5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
                          0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)

    def rotate(x, r):
        return ((x << r) | (x >> (64 - r))) & mask

    def mix(lane, word):
        return rotate((lane + word * p2) & mask, 31) * p1 & mask

    i = 0
    if len(data) >= 32:
        lanes = [(p1 + p2) & mask, p2, 0, -p1 & mask]
        while i + 32 <= len(data):
            lanes = [mix(lane, word) for lane, word in zip(lanes, struct.unpack_from("<4Q", data, i))]
            i += 32
        h = sum(rotate(lane, r) for lane, r in zip(lanes, (1, 7, 12, 18))) & mask
        for lane in lanes:
            h = ((h ^ mix(0, lane)) * p1 + p4) & mask
    else:
        h = p5
    h = (h + len(data)) & mask
    while i + 8 <= len(data):
        (word,) = struct.unpack_from("<Q", data, i)
        h = (rotate(h ^ mix(0, word), 27) * p1 + p4) & mask
        i += 8
    if i + 4 <= len(data):
        (word,) = struct.unpack_from("<I", data, i)
        h = (rotate(h ^ (word * p1 & mask), 23) * p2 + p3) & mask
        i += 4
    for byte in data[i:]:
        h = rotate(h ^ (byte * p5 & mask), 11) * p1 & mask
    h = (h ^ (h >> 33)) * p2 & mask
    h = (h ^ (h >> 29)) * p3 & mask
    return h ^ (h >> 32)


def vocabulary(tensors, field):
    """{bytes: row}; the values lie end to end, `ends` says where each stops; row 0 is unknown."""
    blob = tensors[f"encoder.{field['name']}.vocab.bytes"].tobytes()
    ends = [int(end) for end in tensors[f"encoder.{field['name']}.vocab.ends"]]
    return {blob[begin:end]: 1 + i for i, (begin, end) in enumerate(zip([0] + ends, ends))}


def row_of(value, field, vocab):
    """The row of the embedding table for one value."""
    data = value.encode("utf-8", "surrogateescape")
    encoding = field.get("encoding", "vocab")
    if encoding == "vocab":
        return vocab.get(data, 0)
    return xxh64(data) % field["size"] if encoding == "hash" else int(value)


def transformed(cells, field, tensors):
    """[B] doubles of a plain number field."""
    transform = field.get("transform", "standardize")
    if transform == "none":
        return np.array([float(cell) for cell in cells])
    mean, divisor = tensors[f"encoder.{field['name']}.statistics"]  # of the logarithms for log1p
    f = math.log1p if transform == "log1p" else float
    x = np.array([f(float(cell)) if cell else mean for cell in cells])  # a missing value is the mean
    return (x - mean) / divisor


def rate_keys(field, data, tensors):
    """[B] keys of a rate field: a word's hash, a number's bucket; of two columns the hash of both."""
    parts = []
    for j, of in enumerate(field["of"]):
        if isinstance(of, str):
            parts.append([xxh64(cell.encode("utf-8", "surrogateescape")) for cell in data[of]])
        else:
            edges = tensors[f"encoder.{field['name']}.of.{j}.edges"]
            parts.append([1 + int(np.searchsorted(edges, float(cell), "left")) if cell else 0
                          for cell in data[of["column"]]])
    if len(parts) == 1:
        return parts[0]
    return [xxh64(struct.pack("<QQ", *both)) for both in zip(*parts)]


def rates(field, tasks, data, tensors):
    """[B, numbers]: what the table of a rate field says of each row's key."""
    names = field.get("tasks", [task["name"] for task in tasks])
    table = {part: tensors.get(f"encoder.{field['name']}.rate.{part}")
             for part in ("keys", "rows", "sums", "priors", "statistics")}
    row_of_key = {int(key): i for i, key in enumerate(table["keys"])}
    numbers = []
    for key in rate_keys(field, data, tensors):
        i = row_of_key.get(key)
        f = []
        for t in range(len(names)):
            base, hits = (0.0, 0.0) if i is None else table["sums"][i, 2 * t : 2 * t + 2]
            prior = float(table["priors"][t])
            rate = prior + (hits - base * prior) / (base + field.get("prior", 20))
            rate = min(max(rate, 1e-4), 1 - 1e-4)
            f.append(math.log(rate / (1 - rate)) - math.log(prior / (1 - prior)))
        if field.get("count", True):
            f.append(math.log(1 + (0 if i is None else int(table["rows"][i]))))
        numbers.append(f)
    mean, divisor = table["statistics"].T
    return np.clip((np.array(numbers) - mean) / divisor, -8, 8)


# ------------------------------------------------------------------------------------------------- kinds
KINDS = {}  # (role, word): the function of a kind, and how to draw its config


def kind(role, word, draw=lambda choice: {}):
    """Registers the function of a kind. Its parameters it asks of the model by name and shape."""

    def register(function):
        KINDS[role, word] = (function, draw)
        return function

    return register


def step(m, prefix, x, h, candidate, name=None, trace=None):
    """One GRU step on state h with input x."""
    D, gates = h.shape[1], 2 if candidate == "cross" else 3
    gi = m.linear(x, prefix + "weight_ih", prefix + "bias_ih", gates * D)
    u, d = m.parameter(prefix + "weight_hh", 3 * D, D), m.parameter(prefix + "bias_hh", 3 * D)
    gh = h @ u[: 2 * D].T + d[: 2 * D]
    r = torch.sigmoid(gi[:, :D] + gh[:, :D])
    z = torch.sigmoid(gi[:, D : 2 * D] + gh[:, D:])
    if candidate == "cross":  # the reset acts before the product
        n = h + x * ((r * h) @ u[2 * D :].T + d[2 * D :])
    else:  # the textbook: after it
        n = torch.tanh(gi[:, 2 * D :] + r * (h @ u[2 * D :].T + d[2 * D :]))
    h = (1 - z) * n + z * h
    if trace is not None:
        trace.update({f"{name}.r": r, f"{name}.z": z, f"{name}.n": n, f"{name}.h": h})
    return h


def layers(cross, count, tied):
    """(number, prefix of the parameters) of each layer of a cross."""
    tied = cross.get("tied", tied)
    return [(l, "cross." if tied else f"cross.{l}.") for l in range(cross.get("layers", count))]


@kind("cross", "gru", lambda choice: {"candidate": choice(["cross", "tanh"])})
def gru_cross(m, cross, x0, out):
    h = x0
    for l, prefix in layers(cross, 3, True):
        h = step(m, prefix, x0, h, cross.get("candidate", "cross"), f"cross.{l}", out)
    return h


@kind("cross", "none")
def no_cross(m, cross, x0, out):
    return x0


@kind("cross", "dcn")
def dcn(m, cross, x0, out):
    h = x0
    for l, prefix in layers(cross, 3, False):
        u = out[f"cross.{l}.u"] = h @ m.parameter(prefix + "weight", 1, h.shape[1]).T
        h = out[f"cross.{l}.h"] = u * x0 + m.parameter(prefix + "bias", h.shape[1]) + h
    return h


@kind("cross", "dcn_v2", lambda choice: {"rank": choice([0, 0, 1])})
def dcn_v2(m, cross, x0, out):
    h, D, rank = x0, x0.shape[1], cross.get("rank", 0)
    for l, prefix in layers(cross, 3, False):
        if rank:
            v = out[f"cross.{l}.v"] = h @ m.parameter(prefix + "weight_v", rank, D).T
        u = m.linear(v if rank else h, prefix + ("weight_u" if rank else "weight"), prefix + "bias", D)
        out[f"cross.{l}.u"] = u
        h = out[f"cross.{l}.h"] = x0 * u + h
    return h


@kind("cross", "gated_dcn")
def gated_dcn(m, cross, x0, out):
    h, D = x0, x0.shape[1]
    for l, prefix in layers(cross, 3, False):
        u = out[f"cross.{l}.u"] = m.linear(h, prefix + "weight", prefix + "bias", D)
        g = out[f"cross.{l}.g"] = torch.sigmoid(h @ m.parameter(prefix + "gate.weight", D, D).T)
        h = out[f"cross.{l}.h"] = x0 * u * g + h
    return h


@kind("sharing", "partial",
      lambda choice: {"shared": choice([1, 5, 8, 16]), "private": choice([0, 3, 8]),
                      "gate": choice(["input", "static", "none"])})
def partial(m, block, k, s, v, reads_next, out):
    shared, private = block.get("shared", 64), block.get("private", 32)
    if shared:
        s = out[f"sharing.{k}.shared"] = m.units(s, f"sharing.{k}.shared", shared)
    after = {}
    for t in v:
        parts, gate = [], f"sharing.{k}.{t}.gate"
        if shared:
            g = torch.ones_like(s)
            if block.get("gate", "input") != "none":
                a = m.parameter(gate + ".bias", shared).expand_as(s)
                if block.get("gate", "input") == "input":
                    a = a + v[t] @ m.parameter(gate + ".weight", shared, v[t].shape[1]).T
                g = out[gate] = torch.sigmoid(a)
            parts.append(g * s)
        if private:
            name = f"sharing.{k}.{t}.private"
            out[name] = m.units(v[t], name, private)
            parts.append(out[name])
        after[t] = torch.cat(parts, 1)
    return s, after


@kind("sharing", "ple",
      lambda choice: {**choice([{"shared_experts": 2, "task_experts": 1}, {"shared_experts": 1, "task_experts": 3},
                                {"shared_experts": 3, "task_experts": 0}, {"shared_experts": 0, "task_experts": 2}]),
                      "units": choice([1, 5, 16]), "gate": choice(["input", "static"])})
def ple(m, block, k, s, v, reads_next, out):
    n, p, units = block.get("shared_experts", 2), block.get("task_experts", 1), block.get("units", 32)

    def experts(name, x, count):
        if count:
            out[name] = m.units(x, name, count * units)
        return out[name].split(units, 1) if count else ()

    def mix(name, x, units_of_all):
        a = m.parameter(f"{name}.gate.bias", len(units_of_all)).expand(len(x), -1)
        if block.get("gate", "input") == "input":
            a = a + x @ m.parameter(f"{name}.gate.weight", len(units_of_all), x.shape[1]).T
        g = out[f"{name}.gate"] = torch.softmax(a, 1)
        out[f"{name}.mix"] = sum(g[:, i, None] * e for i, e in enumerate(units_of_all))
        return out[f"{name}.mix"]

    shared = experts(f"sharing.{k}.expert", s, n)
    own = {t: experts(f"sharing.{k}.{t}.expert", v[t], p) for t in v}
    after = {t: mix(f"sharing.{k}.{t}", v[t], [*own[t], *shared]) for t in v}
    if reads_next:
        s = mix(f"sharing.{k}", s, [e for t in v for e in own[t]] + [*shared])
    return s, after


@kind("sharing", "mmoe", lambda choice: {"experts": choice([1, 2, 5]), "units": choice([1, 5, 16]),
                                         "gate": choice(["input", "static"])})
def mmoe(m, block, k, s, v, reads_next, out):
    return ple(m, {**block, "shared_experts": block.get("experts", 4), "task_experts": 0}, k, s, v, reads_next, out)


@kind("sharing", "cross_stitch", lambda choice: {"units": choice([1, 5, 16])})
def cross_stitch(m, block, k, s, v, reads_next, out):
    units = {t: m.units(v[t], f"sharing.{k}.{t}.private", block.get("units", 32)) for t in v}
    rows = m.parameter(f"sharing.{k}.stitch.weight", len(v), len(v))
    after = {t: sum(c * p for c, p in zip(row, units.values())) for t, row in zip(v, rows)}
    for t in v:
        out[f"sharing.{k}.{t}.private"], out[f"sharing.{k}.{t}.mix"] = units[t], after[t]
    return s, after


@kind("transfer", "gru")
def gru_transfer(m, t, y, parent, out):
    out[f"transfer.{t}"] = step(m, f"transfer.{t}.", y, parent, "tanh")
    return out[f"transfer.{t}"]


@kind("transfer", "ait")
def ait(m, t, y, parent, out):
    H = y.shape[1]
    p = out[f"transfer.{t}.info"] = m.relu_layer(parent, f"transfer.{t}.info", H)
    q, k, v = m.parameter(f"transfer.{t}.attention.weight", 3 * H, H).split(H)
    e = torch.stack([((u @ q.T) * (u @ k.T)).sum(1) / H**0.5 for u in (y, p)], 1)
    a = out[f"transfer.{t}.attention"] = torch.softmax(e, 1)
    out[f"transfer.{t}"] = a[:, :1] * (y @ v.T) + a[:, 1:] * (p @ v.T)
    return out[f"transfer.{t}"]


@kind("transfer", "none")
def no_transfer(m, t, y, parent, out):
    return y


def reads_shared(block):
    """Whether a block reads the shared stream."""
    return block.get({"partial": "shared", "ple": "shared_experts"}.get(block.get("kind", "partial"), ""),
                     0 if block.get("kind") == "cross_stitch" else 1) != 0


# ------------------------------------------------------------------------------------------------- model
class Model:
    """One network; `trace` runs it on a table of cells."""

    def __init__(self, tensors, config, draw=None):
        self.tensors, self.config, self.draw = tensors, config, draw
        self.w = {name: torch.tensor(array.astype(np.float64), requires_grad=True)
                  for name, array in tensors.items() if not name.startswith("encoder.")}
        self.kink = math.inf  # the smallest |input of a relu| met: nearer 0 than rounding, gradients may jump

    def parameter(self, name, *shape):
        """The parameter of this name; where the model is still being made, it is drawn."""
        if name not in self.w and self.draw is not None:
            self.tensors[name] = self.draw(0, shape[1] ** -0.5 if len(shape) > 1 else 0.3, shape)
            self.w[name] = torch.tensor(self.tensors[name].astype(np.float64), requires_grad=True)
        if tuple(self.w[name].shape) != shape:
            raise ValueError(f"{name}: shape {tuple(self.w[name].shape)}, want {shape}")
        return self.w[name]

    def linear(self, x, weight, bias, outputs):
        return x @ self.parameter(weight, outputs, x.shape[1]).T + self.parameter(bias, outputs)

    def units(self, x, name, outputs):
        """A layer of sharing blocks and towers."""
        if self.config.get("activation", "relu") == "relu":
            return self.relu_layer(x, name, outputs)
        a = self.linear(x, name + ".weight", name + ".bias", outputs)
        return a * torch.sigmoid(a)

    def relu_layer(self, x, name, outputs):
        a = self.linear(x, name + ".weight", name + ".bias", outputs)
        if a.numel():
            self.kink = min(self.kink, a.detach().abs().min().item())
        return torch.relu(a)

    def table_rows(self, field):
        """V of a field, 0 where its numbers are taken as they are."""
        if field["type"] == "rate":
            return 0
        if field["type"] == "number":
            return field.get("bins", 40) + 1 if field.get("transform", "standardize") == "buckets" else 0
        if field.get("encoding", "vocab") == "vocab":
            return 1 + len(vocabulary(self.tensors, field))
        return field["size"]

    def numbers(self, field, data):
        """[B, width]: those of a field that has no table."""
        if field["type"] == "rate":
            return torch.tensor(rates(field, self.config["tasks"], data, self.tensors))
        return torch.tensor(transformed(data[field.get("column", field["name"])], field, self.tensors))[:, None]

    def field(self, field, data):
        """[B, width]: the columns of x0 that one field fills."""
        if self.table_rows(field):
            cells = data[field.get("column", field["name"])]
            return self.looked_up(field, cells, self.w[f"embedding.{field['name']}.weight"])
        return self.numbers(field, data)

    def wide(self, data, out):
        """[B, T]: the wide term."""
        total, T = 0, len(self.config["tasks"])
        for field in self.config["fields"]:
            name, rows = f"wide.{field['name']}.weight", self.table_rows(field)
            if rows:
                cells = data[field.get("column", field["name"])]
                total = total + self.looked_up(field, cells, self.parameter(name, rows, T))
            else:
                x = self.numbers(field, data)
                total = total + x @ self.parameter(name, T, x.shape[1]).T
        out["wide"] = total
        return total

    def looked_up(self, field, cells, table):
        """The rows of a table that the cells of a field choose, pooled where they are bags."""
        name, kind = field["name"], field["type"]
        if kind == "number":
            edges = self.tensors[f"encoder.{name}.edges"]  # bucket i holds edge i-1 < x <= edge i
            ids = [1 + int(np.searchsorted(edges, float(cell), "left")) if cell else 0 for cell in cells]
            return table[ids]
        vocab = vocabulary(self.tensors, field) if field.get("encoding", "vocab") == "vocab" else None
        if kind == "category":
            return table[[row_of(cell, field, vocab) for cell in cells]]
        rows = []
        for cell in cells:
            items = cell.split(field.get("separator", "|")) if cell else []
            total = table[[row_of(item, field, vocab) for item in items]].sum(0)  # no items: zeros
            rows.append(total / len(items) if items and field.get("pool", "mean") == "mean" else total)
        return torch.stack(rows)

    def trace(self, data):
        """{name: tensor} of everything the engine's trace holds."""
        config, out = self.config, {}
        tasks = config["tasks"]

        rate_fields = [f for f in config["fields"] if f["type"] == "rate"]
        if rate_fields:
            out["rate"] = torch.cat([self.numbers(f, data) for f in rate_fields], 1)

        if not config.get("head", True):
            biases = torch.cat([self.parameter(f"head.{task['name']}.bias", 1) for task in tasks])
            return self.objective(self.wide(data, out) + biases, None, data, out)

        # 1 Input
        project = config.get("project", 0)
        parts = [self.field(f, data) for f in config["fields"] if not (project and f["type"] == "rate")]
        if project:
            parts.append(out["rate"] @ self.parameter("project.weight", project, out["rate"].shape[1]).T)
        x0 = torch.cat(parts, 1)
        if not x0.requires_grad:  # numbers only
            x0.requires_grad_()
        x0.retain_grad()
        out["x0"] = x0

        # 2 Cross layers
        cross = config.get("cross", {})
        h = KINDS["cross", cross.get("kind", "gru")][0](self, cross, x0, out)

        # 3 Sharing blocks
        s, v = h, {task["name"]: h for task in tasks}
        blocks = config.get("sharing", [{}])
        for k, block in enumerate(blocks):
            reads_next = k + 1 < len(blocks) and reads_shared(blocks[k + 1])
            s, v = KINDS["sharing", block.get("kind", "partial")][0](self, block, k, s, v, reads_next, out)

        # 4, 5, 6 Towers, transfer, heads
        logits = []
        for task in tasks:
            t = task["name"]
            for i, units in enumerate(config.get("tower", [32])):
                v[t] = out[f"tower.{t}.{i}"] = self.units(v[t], f"tower.{t}.{i}", units)
            if "after" in task:
                v[t] = KINDS["transfer", config.get("transfer", "gru")][0](self, t, v[t], v[task["after"]], out)
            logits.append(self.linear(v[t], f"head.{t}.weight", f"head.{t}.bias", 1))
        logit = torch.cat(logits, 1)
        return self.objective(logit + self.wide(data, out) if config.get("wide") else logit, x0, data, out)

    def objective(self, logit, x0, data, out):
        """From the logits on."""
        # 7 Probability and loss
        config, tasks = self.config, self.config["tasks"]
        out["logit"] = logit
        names = [task["name"] for task in tasks]
        chain = config.get("probability", "chain") == "chain"
        log_p, log_q = [], []
        for i, task in enumerate(tasks):
            parent = names.index(task["after"]) if chain and "after" in task else None
            yes = torch.nn.functional.logsigmoid(logit[:, i])
            no = torch.nn.functional.logsigmoid(-logit[:, i])
            if parent is None:
                log_p.append(yes)
                log_q.append(no)
            else:  # no = the parent did not happen, or it did and this one did not
                log_p.append(log_p[parent] + yes)
                log_q.append(torch.logsumexp(torch.stack([log_q[parent], log_p[parent] + no]), 0))
        out["probability"] = torch.stack(log_p, 1).exp()

        labels = [data.get(task.get("label", task["name"])) for task in tasks]
        if any(cells is None for cells in labels):
            return {name: value.detach().numpy() for name, value in out.items()}
        weight = torch.ones(len(logit), dtype=torch.float64)
        if "weight" in config:
            weight = torch.tensor([float(cell) for cell in data[config["weight"]]], dtype=torch.float64)
        losses = []
        for i, cells in enumerate(labels):
            rows = [b for b, cell in enumerate(cells) if cell]
            y = torch.tensor([float(cells[b]) for b in rows], dtype=torch.float64)
            w = weight[rows] * torch.where(y == 1, tasks[i].get("positive_weight", 1.0), 1.0)
            if "soft" in tasks[i]:
                share, soft = tasks[i].get("soft_share", 0.5), data[tasks[i]["soft"]]
                y = torch.stack([(1 - share) * own + share * float(soft[b]) if soft[b] else own
                                 for own, b in zip(y, rows)] or [y.sum()])[: len(rows)]
            loss = -(y * log_p[i][rows] + (1 - y) * log_q[i][rows])
            losses.append((w * loss).sum() / w.sum() if w.sum() > 0 else 0 * logit[0, 0])
        out["loss"] = torch.stack(losses)
        parts = self.parts(tasks, losses, logit, data, weight, out)
        out["loss.total"] = sum(parts).reshape(1)
        out["loss.total"].backward(retain_graph=True)
        for name, value in [*self.w.items(), *([] if x0 is None else [("x0", x0)])]:
            out["grad." + name] = torch.zeros_like(value) if value.grad is None else value.grad
        if config.get("gradients", "sum") == "pcgrad":
            self.combine(parts, out)
        return {name: value.detach().numpy() for name, value in out.items()}

    def parts(self, tasks, losses, logit, data, weight, out):
        """[L_t]: the tasks' parts of the total loss."""
        config, names, parts = self.config, [task["name"] for task in tasks], []
        alpha, excess = config.get("calibrator", 0), []
        for i, task in enumerate(tasks):
            part = task.get("weight", 1.0) * losses[i]
            if config.get("weighting", "fixed") == "uncertainty":
                s = self.parameter("weighting.log_variance", len(tasks))[i]
                labelled = any(cell and w > 0 for cell, w in zip(data[task.get("label", task["name"])], weight))
                part = task.get("weight", 1.0) * (torch.exp(-s) * losses[i] + s / 2) if labelled else 0 * losses[i]
            above = torch.zeros_like(weight)
            if "after" in task:
                p, q = torch.sigmoid(logit[:, i]), torch.sigmoid(logit[:, names.index(task["after"])])
                above = torch.relu(p - q)
                if alpha:
                    self.kink = min(self.kink, (p - q).detach().abs().min().item())
            excess.append((weight * above).sum() / weight.sum() if weight.sum() > 0 else 0 * above.sum())
            parts.append(part + alpha * excess[i])
        if alpha:
            out["loss.calibrator"] = torch.stack(excess)
        return parts

    def combine(self, parts, out):
        """Interference of the tasks' gradients on what all tasks share, and pcgrad's combination of them."""
        def owned(name):
            words = name.split(".")
            if words[0] == "sharing":  # sharing.<k>.<task>.<layer>.weight against sharing.<k>.<layer>.weight
                return len(words) == 5
            return words[0] in ("wide", "tower", "transfer", "head", "weighting")

        shared = [name for name in self.w if not owned(name)]
        g = []
        for part in parts:
            g.append(torch.zeros(0, dtype=torch.float64))
            if shared:
                one = torch.autograd.grad(part, [self.w[n] for n in shared], retain_graph=True, allow_unused=True)
                g[-1] = torch.cat([(torch.zeros_like(self.w[n]) if d is None else d).flatten()
                                   for n, d in zip(shared, one)])
        T = len(g)
        norm = out["interference.norm"] = torch.stack([one.norm() for one in g])
        cosine = out["interference.cosine"] = torch.zeros(T, T, dtype=torch.float64)
        total = torch.zeros_like(g[0])
        for i in range(T):
            for j in range(T):
                if norm[i] > 0 and norm[j] > 0:
                    cosine[i, j] = 1 if i == j else g[i] @ g[j] / (norm[i] * norm[j])
            p = g[i]
            for k in range(T - 1):
                j = (i + 1 + k) % T
                d = p @ g[j]
                if d < 0:
                    p = p - d / (g[j] @ g[j]) * g[j]
            total = total + p
        for name, one in zip(shared, total.split([self.w[name].numel() for name in shared])):
            out["grad." + name] = one.reshape(self.w[name].shape)


class Members:
    """Reads a model file, of one network or several; `trace` runs it on a table of cells."""

    def __init__(self, path):
        tensors, metadata = read_safetensors(path)
        self.config = json.loads(metadata["dcrnn"])
        encoders = {name: tensor for name, tensor in tensors.items() if name.startswith("encoder.")}
        self.each = []
        for i in range(self.config.get("members", 1)):
            prefix = f"member.{i}." if i else ""
            own = {name[len(prefix):]: tensor for name, tensor in tensors.items()
                   if name not in encoders and (name.startswith(prefix) if i else not name.startswith("member."))}
            self.each.append(Model({**encoders, **own}, self.config))

    @property
    def kink(self):
        return min(model.kink for model in self.each)

    def trace(self, data):
        """{name: tensor}: of several, a member's own under its name, then the mean of their logits."""
        if len(self.each) == 1:
            return self.each[0].trace(data)
        out, logits = {}, []
        for i, model in enumerate(self.each):
            own = model.trace(data)
            logits.append(own["logit"])
            if "loss.total" in own:
                out["loss.total"] = out.get("loss.total", 0) + own["loss.total"]
            for name, tensor in own.items():
                of = name.removeprefix("grad.")
                if name == "rate":
                    out[name] = tensor
                elif of != name:
                    out[f"grad.member.{i}.{of}" if i or of not in model.w else name] = tensor
                else:
                    out[f"member.{i}.{name}"] = tensor
        plain = {**self.config, "calibrator": 0, "weighting": "fixed", "gradients": "sum"}
        mean = torch.tensor(sum(logits[1:], logits[0]) / len(logits), requires_grad=True)
        of_mean = Model({}, plain).objective(mean, None, data, {})
        return {**out, **{name: of_mean[name] for name in ("logit", "probability", "loss") if name in of_mean}}


# --------------------------------------------------------------------------------------------- comparing
def differences(got, want, slack):
    """(problems, worst relative error, tensor of the worst). The tolerance is that of got's precision; besides,
    `slack` roundings of the number 1 are allowed."""
    single = any(array.dtype == np.float32 for array in got.values())
    tolerance = 2e-5 if single else 1e-12
    floor = slack * np.finfo(np.float32 if single else np.float64).eps
    problems = [f"{name}: missing in the trace" for name in want if name not in got]
    problems += [f"{name}: not expected in the trace" for name in got if name not in want]
    worst, where = 0.0, "-"
    for name in want:
        if name not in got:
            continue
        a, b = got[name].astype(np.float64), want[name]
        if a.shape != b.shape:
            problems.append(f"{name}: shape {list(a.shape)}, want {list(b.shape)}")
            continue
        scale = np.abs(b).max(initial=0)
        error = np.abs(a - b).max(initial=0)
        if scale == 0:
            if not error == 0:
                problems.append(f"{name}: must be all zero, found {error:.3g}")
            continue
        relative = error / scale
        if not relative <= worst:  # a NaN counts as worst
            worst, where = relative, name
        if not error <= tolerance * scale + floor:
            at = np.unravel_index(np.argmax(np.nan_to_num(np.abs(a - b), nan=np.inf)), a.shape)
            problems.append(f"{name}{[int(i) for i in at]}: {a[at]!r}, want {b[at]!r}: "
                            f"relative error {relative:.3g}, allowed {tolerance}")
    return problems, worst, where


def report(label, got, want, slack=0):
    """Prints one line, or the problems; True if all is well."""
    problems, worst, where = differences(got, want, slack)
    for problem in problems:
        print(f"{label}: {problem}")
    verdict = "MISMATCH" if problems else "ok"
    print(f"{label}: {verdict}, {len(want)} tensors, worst relative error {worst:.2e} ({where})")
    return not problems


# ------------------------------------------------------------------------------------------ random models
class RandomCase:
    """A random config with parameters and rows. The `number` walks through the main options, so that a few
    dozen cases meet them all; everything else is drawn."""

    WORDS = ["red", "green", "a,b", 'say "hi"', "", "Zürich", "x" * 40, " space ", "7", "NA", "new\nline"]

    def __init__(self, seed, number):
        self.draw = random.Random(seed * 1_000_003 + number)
        self.normal = np.random.default_rng([seed, number]).normal
        self.rows = self.draw.choice([1, 2, 3, 17, 33, 40, 70])
        self.tensors, self.columns = {}, {}
        fields = self.fields(number)
        tasks = self.tasks()
        self.config = {
            "fields": fields, "tasks": tasks, "cross": self.cross(number), "sharing": self.sharing(),
            "tower": [self.draw.choice([1, 6, 16]) for _ in range(self.draw.choice([0, 1, 1, 2]))],
            "transfer": self.word("transfer", number),
            "probability": ["chain", "independent"][number // 4 % 2]}
        if self.config["probability"] == "independent" and self.draw.random() < 0.5:
            self.config["calibrator"] = 0.7
        if self.draw.random() < 0.3:
            self.config["weighting"] = "uncertainty"
        if self.draw.random() < 0.3:
            self.config["gradients"] = "pcgrad"
        if self.draw.random() < 0.4:
            self.config["activation"] = "silu"
        if self.draw.random() < 0.4:
            self.rate_fields()
        if self.draw.random() < 0.4:
            self.config["wide"] = True
            if self.draw.random() < 0.3:
                self.config.update(head=False, project=0, cross={"kind": "none"}, sharing=[], tower=[], transfer="none")
                self.tensors = {n: t for n, t in self.tensors.items() if not n.startswith("embedding.")}
        if self.draw.random() < 0.5:
            self.config["weight"] = "w"
            self.columns["w"] = [self.draw.choice(["0", "1", "0.25", "3.5"]) for _ in range(self.rows)]
        self.leave_out_defaults()
        Model(self.tensors, self.config, self.normal).trace(self.columns)  # draws the parameters
        if self.draw.random() < 0.2:
            self.members()

    def members(self):
        """Draws more networks like the first."""
        self.config["members"] = self.draw.choice([2, 3])
        for i in range(1, self.config["members"]):
            for name in [n for n in self.tensors if not n.startswith(("encoder.", "member."))]:
                first = self.tensors[name]
                self.tensors[f"member.{i}.{name}"] = self.normal(0, np.std(first) or 0.3, first.shape)

    def word(self, role, number):
        """A kind of this role, in turn."""
        words = [word for one, word in KINDS if one == role]
        return words[number % len(words)]

    def cross(self, number):
        word = self.word("cross", number)
        if word == "none":
            return {"kind": "none"}
        return {"kind": word, "layers": self.draw.choice([0, 1, 2, 3, 4]), "tied": self.draw.random() < 0.5,
                **KINDS["cross", word][1](self.draw.choice)}

    def sharing(self):
        """Blocks of any kind; once one does not read the shared stream, none after it does."""
        words = [word for role, word in KINDS if role == "sharing"]
        blocks = []
        for _ in range(self.draw.choice([0, 1, 1, 2, 3])):
            word = self.draw.choice(words)
            block = {**({} if word == "partial" else {"kind": word}), **KINDS["sharing", word][1](self.draw.choice)}
            if blocks and not reads_shared(blocks[-1]) and reads_shared(block):
                block = {"shared": 0, "private": self.draw.choice([4, 9]), "gate": "input"}
            blocks.append(block)
        return blocks

    def fields(self, number):
        kinds = ["id", "hash", "vocab", "none", "standardize", "log1p", "buckets"]
        self.draw.shuffle(kinds)
        fields = []
        for i, kind in enumerate(kinds[: 1 + number % 7]):
            name, dim = f"f{i}", self.draw.choice([1, 2, 3, 8])
            if kind in ("id", "hash", "vocab"):
                fields.append(self.category(name, kind, dim))
            else:
                fields.append(self.number(name, kind, dim))
        if fields[0]["type"] != "number" and self.draw.random() < 0.5:  # one column read twice
            fields.append({"name": "again", "column": "f0", "type": "category", "encoding": "hash",
                           "size": 5, "dim": 2})
            self.table("again", 5, 2)
        return fields

    def table(self, name, rows, dim):
        self.tensors[f"embedding.{name}.weight"] = self.normal(0, 0.5, (rows, dim))

    def category(self, name, encoding, dim):
        bag = self.draw.random() < 0.5
        field = {"name": name, "type": "bag" if bag else "category", "encoding": encoding, "dim": dim}
        values = self.WORDS
        if encoding == "vocab":
            known = [word.encode() for word in self.WORDS if word][: self.draw.choice([0, 1, 6])]
            blob = b"".join(known)
            self.tensors[f"encoder.{name}.vocab.bytes"] = np.frombuffer(blob, np.uint8)
            self.tensors[f"encoder.{name}.vocab.ends"] = np.cumsum([len(word) for word in known]).astype("<u8")
            size = 1 + len(known)
        else:
            size = field["size"] = self.draw.choice([1, 4, 30])
            if encoding == "id":
                values = [str(i) for i in range(size)]
        self.table(name, size, dim)
        if bag:
            field["pool"] = self.draw.choice(["mean", "sum"])
            separator = field["separator"] = self.draw.choice(["|", ";", " "])
            items = [value for value in values if value and separator not in value]
            self.columns[name] = [separator.join(self.draw.choices(items, k=self.draw.choice([0, 1, 2, 5])))
                                  for _ in range(self.rows)]
        else:
            self.columns[name] = self.draw.choices(values, k=self.rows)
        return field

    def number(self, name, transform, dim):
        field = {"name": name, "type": "number", "transform": transform}
        values = self.normal(0, 1, self.rows).round(2)
        if transform == "log1p":
            values = np.abs(values) * 100
        cells = [repr(float(value)) for value in values]
        if transform != "none":
            cells = [cell if self.draw.random() < 0.8 else "" for cell in cells]
        if transform == "buckets":
            field.update(bins=self.draw.choice([1, 4, 40]), dim=dim)
            known = [float(cell) for cell in cells if cell]  # edges on values: the `<=` matters
            edges = sorted(set(self.draw.sample(known, min(len(known), field["bins"] - 1))))
            self.tensors[f"encoder.{name}.edges"] = np.array(edges, np.float64)
            self.table(name, field["bins"] + 1, dim)
        elif transform != "none":
            self.tensors[f"encoder.{name}.statistics"] = np.array([0.3, self.draw.choice([0.5, 1.5])])
        self.columns[name] = cells
        return field

    def rate_fields(self):
        """One to three of them somewhere among the fields, with tables that know some of the keys."""
        self.columns["word"] = self.draw.choices(self.WORDS, k=self.rows)
        self.columns["number"] = [self.draw.choice(["", "0.5", "-1", "2", "7"]) for _ in range(self.rows)]
        for i in range(self.draw.choice([1, 2, 3])):
            number = {"column": "number", "bins": 4}
            names = self.draw.sample([task["name"] for task in self.config["tasks"]], self.draw.choice([0, 1]))
            field = {"name": f"r{i}", "type": "rate", "prior": self.draw.choice([0.5, 20]),
                     "of": self.draw.choice([["word"], [number], ["word", number], [number, "word"]])}
            if self.draw.random() < 0.5:
                field["tasks"] = names
            field["count"] = self.draw.random() < 0.5 or field.get("tasks") == []
            prefix, count = f"encoder.{field['name']}.", len(field.get("tasks", self.config["tasks"]))
            for j, of in enumerate(field["of"]):
                if of is number:
                    self.tensors[f"{prefix}of.{j}.edges"] = np.array([-1.0, 0.5, 2.0])
            keys = sorted(key for key in set(rate_keys(field, self.columns, self.tensors)) if self.draw.random() < 0.7)
            base = np.abs(self.normal(0, 9, (len(keys), count)))
            sums = np.stack([base, base * self.draw.random()], 2).reshape(len(keys), 2 * count)
            self.tensors[prefix + "rate.keys"] = np.array(keys, "<u8")
            self.tensors[prefix + "rate.rows"] = np.array([self.draw.randint(1, 99) for _ in keys], "<u8")
            if count:
                self.tensors[prefix + "rate.sums"] = sums
                self.tensors[prefix + "rate.priors"] = np.array([self.draw.uniform(0.01, 0.9) for _ in range(count)])
            self.tensors[prefix + "rate.statistics"] = np.array([[0.1, 0.7]] * (count + field["count"]))
            self.config["fields"].insert(self.draw.randint(0, len(self.config["fields"])), field)
        if self.draw.random() < 0.5:
            self.config["project"] = self.draw.choice([1, 3, 9])

    def tasks(self):
        tasks = []
        for i in range(self.draw.choice([1, 2, 3, 5])):
            task = {"name": f"t-{i}", "label": f"y{i}", "weight": round(self.draw.uniform(0.5, 1.5), 2)}
            if tasks and self.draw.random() < 0.7:
                task["after"] = self.draw.choice(tasks)["name"]
            tasks.append(task)
            self.columns[f"y{i}"] = self.draw.choices(["0", "1", "0", "1", ""], k=self.rows)
            if self.draw.random() < 0.3:
                task["positive_weight"] = self.draw.choice([0.25, 2, 20])
            if self.draw.random() < 0.3:
                task.update(soft=f"s{i}", soft_share=self.draw.choice([0, 0.3, 1]))
                self.columns[f"s{i}"] = [self.draw.choice(["", "0", "1", f"{self.draw.random():.3f}"])
                                         for _ in range(self.rows)]
        return tasks

    def leave_out_defaults(self):
        """Half of the keys whose value is the default are left to the reader."""
        defaults = [(self.config["cross"], {"kind": "gru", "candidate": "cross", "layers": 3, "tied": True}),
                    (self.config, {"transfer": "gru", "probability": "chain", "tower": [32]})]
        defaults += [(block, {"gate": "input"}) for block in self.config["sharing"]]
        if self.config["cross"]["kind"] != "gru":
            defaults[0] = (self.config["cross"], {"layers": 3, "tied": False})
        defaults += [(field, {"encoding": "vocab", "transform": "standardize", "pool": "mean", "separator": "|"})
                     for field in self.config["fields"]]
        for keys, values in defaults:
            for key, value in values.items():
                if keys.get(key) == value and self.draw.random() < 0.5:
                    del keys[key]

    def write(self, model, data):
        floats = {name: array.astype(np.float32) if not name.startswith("encoder.") else array
                  for name, array in self.tensors.items()}
        write_safetensors(model, floats, {"dcrnn": json.dumps(self.config)})
        with open(data, "w", newline="", encoding="utf-8") as file:
            # Every cell is quoted: an only column may be empty, and a cell may hold anything.
            writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows(zip(*self.columns.values()))


def verify_random(count, seed, program):
    """True if `count` random models agree in both precisions. Their values are of order 1 and in a few of them a
    gradient of many terms nearly cancels, so a few roundings of 1 are let pass."""
    good, number, done = True, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        model, data, trace = (os.path.join(folder, n) for n in ("model.safetensors", "rows.csv", "trace.safetensors"))
        while done < count:
            case = RandomCase(seed, number)
            number += 1
            case.write(model, data)
            reference = Members(model)
            want = reference.trace(read_csv(data))
            if reference.kink < 1e-5:
                continue  # a relu so near its kink that float rounding decides its gradient
            done += 1
            for precision in ("f32", "f64"):
                run = subprocess.run([program, "trace", model, "--data", data, "--out", trace,
                                      "--precision", precision], capture_output=True, text=True)
                label = f"random {seed}:{number - 1} {precision}"
                if run.returncode != 0:
                    print(f"{label}: exit code {run.returncode}: {run.stderr.strip()}\n{json.dumps(case.config)}")
                    good = False
                elif not report(label, read_safetensors(trace)[0], want, slack=4):
                    print(json.dumps(case.config))
                    good = False
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", metavar="MODEL")
    parser.add_argument("data", nargs="?", metavar="DATA.csv")
    parser.add_argument("trace", nargs="?", metavar="TRACE.safetensors")
    parser.add_argument("--write", metavar="OUT", help="write the recomputed trace in F64")
    parser.add_argument("--random", type=int, metavar="N", help="compare on N random models instead")
    parser.add_argument("--dcrnn", metavar="PATH", help="the program to compare with, for --random")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random models (default 1)")
    args = parser.parse_args()
    if args.random is not None:
        if not args.dcrnn:
            parser.error("--random needs --dcrnn PATH")
        return 0 if verify_random(args.random, args.seed, args.dcrnn) else 1
    if not args.data or not (args.trace or args.write):
        parser.error("give MODEL, DATA.csv and TRACE.safetensors (or --write OUT)")
    want = Members(args.model).trace(read_csv(args.data))
    if args.write:
        write_safetensors(args.write, want)
    if args.trace:
        return 0 if report(args.trace, read_safetensors(args.trace)[0], want) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

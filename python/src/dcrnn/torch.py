"""The model in PyTorch, there and back: a twin of torch.nn modules with the weights of a model file.

    twin = dcrnn.torch.Twin(dcrnn.Model.load("clicks.safetensors"))
    batch = twin.encode(frame)                              # by the model's own encoders
    loss = twin.loss(twin(batch), {"click": ..., "consume": ...})
    loss.backward()                                         # any optimizer, any change
    twin.to_model().save("clicks2.safetensors")             # and the engine serves it

Parameters are those of the file: `file_names` gives their names there. Every kind of layer is here; where a config asks
for something that the twin does not know, it says so. `gradients: "pcgrad"` is the engine's way to combine gradients and not
part of the loss.
"""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ._columns import labels_of
from .model import Model

_KNOWN = {
    "format", "checksum", "fields", "tasks", "weight", "group", "csv", "cross", "sharing", "tower", "transfer",
    "probability", "activation", "calibrator", "weighting", "gradients", "train", "rate_pairs", "project", "wide", "head",
}


def _key(name: str) -> str:
    """Name of a module for a field or task, whose name may be anything, such as `type`."""
    return "of_" + name


def _file_name(state_name: str) -> str:
    return ".".join(part[3:] if part.startswith("of_") else part for part in state_name.split("."))


def _of(modules: nn.Module, name: str) -> Any:
    return modules._modules[_key(name)]


def _by_name(names, make) -> nn.Module:
    modules = nn.Module()
    for name in names:
        modules.add_module(_key(name), make(name))
    return modules


def _weight(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(*shape))


class Field(nn.Module):
    """The columns of x0 [B, d] that a table fills; a bag is the mean or sum of its rows."""

    def __init__(self, rows: int, dim: int, pool: str):
        super().__init__()
        self.weight = _weight(rows, dim)
        self.pool = pool

    def forward(self, ids: torch.Tensor, offsets: torch.Tensor | None) -> torch.Tensor:
        if offsets is None:
            return F.embedding(ids, self.weight)
        return F.embedding_bag(ids, self.weight, offsets, mode=self.pool, include_last_offset=True)


class Numbers(nn.Module):
    """The wide term of a number or of the numbers of a rate field: x [B, n] to [B, T]."""

    def __init__(self, T: int, n: int):
        super().__init__()
        self.weight = _weight(T, n)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight)


class LoneHead(nn.Module):
    """The bias of a task that has the wide term alone."""

    def __init__(self):
        super().__init__()
        self.bias = _weight(1)


class CrossStep(nn.Module):
    """A GRU step that crosses: r and z are a GRU's gates, n = h + x0 * ((r * h) U_n^T + d_n)."""

    def __init__(self, D: int):
        super().__init__()
        self.weight_ih, self.bias_ih = _weight(2 * D, D), _weight(2 * D)
        self.weight_hh, self.bias_hh = _weight(3 * D, D), _weight(3 * D)

    def forward(self, x0: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        D = x0.shape[1]
        gates = F.linear(x0, self.weight_ih, self.bias_ih) + F.linear(h, self.weight_hh[: 2 * D], self.bias_hh[: 2 * D])
        r, held = torch.sigmoid(gates[:, :D]), gates[:, D:]
        u = F.linear(r * h, self.weight_hh[2 * D :], self.bias_hh[2 * D :])
        return h + torch.sigmoid(-held) * x0 * u


class DcnStep(nn.Module):
    """h' = x0 (w . h) + b + h."""

    def __init__(self, D: int):
        super().__init__()
        self.weight, self.bias = _weight(1, D), _weight(D)

    def forward(self, x0: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        return F.linear(h, self.weight) * x0 + self.bias + h


class DcnV2Step(nn.Module):
    """h' = x0 * (W h + b) + h; of rank r, W = U V."""

    def __init__(self, D: int, rank: int):
        super().__init__()
        self.bias = _weight(D)
        if rank:
            self.weight_v, self.weight_u = _weight(rank, D), _weight(D, rank)
        else:
            self.weight = _weight(D, D)
        self.rank = rank

    def forward(self, x0: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        if self.rank:
            return x0 * F.linear(F.linear(h, self.weight_v), self.weight_u, self.bias) + h
        return x0 * F.linear(h, self.weight, self.bias) + h


class GatedDcnStep(nn.Module):
    """h' = x0 * (W h + b) * sigma(G h) + h."""

    def __init__(self, D: int):
        super().__init__()
        self.weight, self.bias = _weight(D, D), _weight(D)
        self.gate = nn.Linear(D, D, bias=False)

    def forward(self, x0: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        return x0 * F.linear(h, self.weight, self.bias) * torch.sigmoid(self.gate(h)) + h


def _cross_step(cross: Mapping, D: int) -> nn.Module:
    kind = cross.get("kind", "gru")
    if kind == "gru":
        return CrossStep(D) if cross["candidate"] == "cross" else nn.GRUCell(D, D)
    if kind == "dcn_v2":
        return DcnV2Step(D, cross.get("rank", 0))
    return {"dcn": DcnStep, "gated_dcn": GatedDcnStep}[kind](D)


class Gate(nn.Module):
    """Logits [B, m] of a gate on v: of the example, or, static, of the bias alone."""

    def __init__(self, inputs: int, m: int, kind: str):
        super().__init__()
        self.bias = _weight(m)
        if kind == "input":
            self.weight = _weight(m, inputs)

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        return F.linear(v, self.weight, self.bias) if hasattr(self, "weight") else self.bias.expand(len(v), -1)


class Partial(nn.Module):
    """Shared units that every task lets in by a gate, beside units of its own."""

    def __init__(self, block: Mapping, tasks, s: int, v: Mapping[str, int], reads_next: bool):
        super().__init__()
        self.m_s, self.m_p, kind = block["shared"], block["private"], block["gate"]
        if self.m_s:
            self.shared = nn.Linear(s, self.m_s)
        for task in tasks:
            own = nn.Module()
            if self.m_s and kind != "none":
                own.gate = Gate(v[task], self.m_s, kind)
            if self.m_p:
                own.private = nn.Linear(v[task], self.m_p)
            self.add_module(_key(task), own)
        self.s = self.m_s or s
        self.v = {task: self.m_s + self.m_p for task in tasks}

    def forward(self, s, v):
        if self.m_s:
            s = self.activation(self.shared(s))
        after = {}
        for task, stream in v.items():
            own, parts = _of(self, task), []
            if self.m_s:
                parts.append(torch.sigmoid(own.gate(stream)) * s if hasattr(own, "gate") else s)
            if self.m_p:
                parts.append(self.activation(own.private(stream)))
            after[task] = torch.cat(parts, 1)
        return s, after


class Mixture(nn.Module):
    """Experts that all tasks share and experts of one task (ple), or shared ones only (mmoe), mixed by softmax gates."""

    def __init__(self, block: Mapping, tasks, s: int, v: Mapping[str, int], reads_next: bool):
        super().__init__()
        self.units = m = block.get("units", 32)
        plain = block["kind"] == "mmoe"
        self.n = block.get("experts", 4) if plain else block.get("shared_experts", 2)
        self.p = 0 if plain else block.get("task_experts", 1)
        gate = block.get("gate", "input")
        if self.n:
            self.expert = nn.Linear(s, self.n * m)
        for task in tasks:
            own = nn.Module()
            if self.p:
                own.expert = nn.Linear(v[task], self.p * m)
            own.gate = Gate(v[task], self.p + self.n, gate)
            self.add_module(_key(task), own)
        if reads_next:
            self.gate = Gate(s, len(tasks) * self.p + self.n, gate)
        self.s = m if reads_next else s
        self.v = {task: m for task in tasks}

    def _experts(self, layer, x):
        return self.activation(layer(x)).unflatten(1, (-1, self.units))

    @staticmethod
    def _mix(gate, x, experts):
        return torch.einsum("be,beu->bu", torch.softmax(gate(x), 1), torch.cat(experts, 1))

    def forward(self, s, v):
        shared = [self._experts(self.expert, s)] if self.n else []
        own = {task: [self._experts(_of(self, task).expert, x)] if self.p else [] for task, x in v.items()}
        after = {task: self._mix(_of(self, task).gate, x, own[task] + shared) for task, x in v.items()}
        if hasattr(self, "gate"):
            s = self._mix(self.gate, s, [experts for task in v for experts in own[task]] + shared)
        return s, after


class CrossStitch(nn.Module):
    """Units of every task, mixed anew for every task by one number for each pair."""

    def __init__(self, block: Mapping, tasks, s: int, v: Mapping[str, int], reads_next: bool):
        super().__init__()
        units = block.get("units", 32)
        for task in tasks:
            own = nn.Module()
            own.private = nn.Linear(v[task], units)
            self.add_module(_key(task), own)
        self.stitch = nn.Linear(len(tasks), len(tasks), bias=False)
        self.s = s
        self.v = {task: units for task in tasks}

    def forward(self, s, v):
        units = torch.stack([self.activation(_of(self, task).private(x)) for task, x in v.items()], 2)  # [B, m, T]
        return s, dict(zip(v, self.stitch(units).unbind(2)))


class Attention(nn.Module):
    """ait: a task weighs its own representation against what its parent hands on."""

    def __init__(self, H: int):
        super().__init__()
        self.info = nn.Linear(H, H)
        self.attention = nn.Linear(H, 3 * H, bias=False)

    def forward(self, y: torch.Tensor, parent: torch.Tensor) -> torch.Tensor:
        both = torch.stack([y, torch.relu(self.info(parent))], 1)  # [B, 2, H]
        q, k, v = self.attention(both).chunk(3, 2)
        a = torch.softmax((q * k).sum(2) / y.shape[1] ** 0.5, 1)
        return (a[:, :, None] * v).sum(1)


_BLOCKS = {"partial": Partial, "mmoe": Mixture, "ple": Mixture, "cross_stitch": CrossStitch}


def _reads_shared(block: Mapping) -> bool:
    kind = block.get("kind", "partial")
    if kind == "partial":
        return block["shared"] > 0
    return kind == "mmoe" or (kind == "ple" and block.get("shared_experts", 2) > 0)


class Tower(nn.Module):
    """Linear layers, each with an activation."""

    def __init__(self, inputs: int, units: list[int], activation):
        super().__init__()
        self.activation = activation
        for i, (before, after) in enumerate(zip([inputs, *units], units)):
            self.add_module(str(i), nn.Linear(before, after))

    def forward(self, y: torch.Tensor) -> torch.Tensor:
        for layer in self._modules.values():
            y = self.activation(layer(y))
        return y


def _has_table(field: Mapping) -> bool:
    return "dim" in field


def _numbers(field: Mapping) -> int:
    """Columns of x0 that a field without a table fills."""
    return len(field["tasks"]) + field["count"] if field["type"] == "rate" else 1


def _wide(field: Mapping, *shape: int) -> nn.Module:
    return Field(*shape, field.get("pool", "mean")) if _has_table(field) else Numbers(*shape)


class Twin(nn.Module):
    """A model in PyTorch: forward gives the logits [B, T] of a batch that `encode` made."""

    def __init__(self, model: Model):
        super().__init__()
        config = self.config = model.config
        unknown = set(config) - _KNOWN
        if unknown:
            raise ValueError(f"the twin does not know what {sorted(unknown)[0]!r} in the config means")
        self._model = model
        values = model.parameters()
        self.tasks = model.tasks
        self.parents = [None if "after" not in task else self.tasks.index(task["after"]) for task in config["tasks"]]
        self.chain = config["probability"] == "chain"
        fields = {f["name"]: f for f in config["fields"]}
        self.wide = None
        if config.get("wide"):
            self.wide = _by_name(fields, lambda name: _wide(fields[name], *values[f"wide.{name}.weight"].shape))
        self.alone = not config.get("head", True)
        if self.alone:
            self.head = _by_name(self.tasks, lambda task: LoneHead())
        else:
            self._add_network(config, fields, values)
        if config.get("weighting") == "uncertainty":
            self.weighting = nn.Module()
            self.weighting.log_variance = _weight(len(self.tasks))
        names = self.file_names()
        if set(names.values()) != set(values):
            odd = sorted(set(names.values()) ^ set(values))[0]
            raise ValueError(f"the twin does not know the parameter {odd!r}")
        self.load_state_dict({state: torch.from_numpy(values[name]) for state, name in names.items()})

    def _add_network(self, config: Mapping, fields: Mapping, values: Mapping) -> None:
        tables = [name for name, field in fields.items() if _has_table(field)]
        self.embedding = _by_name(tables, lambda name: Field(*values[f"embedding.{name}.weight"].shape, fields[name].get("pool", "mean")))
        rates = sum(_numbers(field) for field in fields.values() if field["type"] == "rate")
        self.projected = config.get("project", 0)
        if self.projected:
            self.project = nn.Linear(rates, self.projected, bias=False)
        D = sum(field["dim"] if _has_table(field) else _numbers(field) for field in fields.values())
        if self.projected:
            D += self.projected - rates
        cross = config["cross"]
        self.layers = 0 if cross.get("kind") == "none" else cross.get("layers", 3)
        self.tied = bool(self.layers) and cross.get("tied", False)
        if self.layers:
            self.cross = _cross_step(cross, D) if self.tied else nn.ModuleList(_cross_step(cross, D) for _ in range(self.layers))
        self._add_tasks(config, D)

    def _add_tasks(self, config: Mapping, D: int) -> None:
        s, v = D, {task: D for task in self.tasks}
        activation = {"relu": torch.relu, "silu": F.silu}[config.get("activation", "relu")]
        blocks = []
        for block, following in zip(config["sharing"], [*config["sharing"][1:], None]):
            made = _BLOCKS[block.get("kind", "partial")](block, self.tasks, s, v, following is not None and _reads_shared(following))
            made.activation = activation
            s, v = made.s, made.v
            blocks.append(made)
        self.sharing = nn.ModuleList(blocks)
        self.tower = _by_name(self.tasks, lambda task: Tower(v[task], config["tower"], activation))
        H = {task: (config["tower"] or [v[task]])[-1] for task in self.tasks}
        transfer = {"gru": lambda H: nn.GRUCell(H, H), "ait": Attention, "none": None}[config["transfer"]]
        children = [task for task, parent in zip(self.tasks, self.parents) if parent is not None and transfer]
        self.transfer = _by_name(children, lambda task: transfer(H[task]))
        self.head = _by_name(self.tasks, lambda task: nn.Linear(H[task], 1))

    @classmethod
    def load(cls, path: Any) -> "Twin":
        return cls(Model.load(path))

    def file_names(self) -> dict[str, str]:
        """{name in state_dict(): name in the model file}."""
        return {state: _file_name(state) for state in self.state_dict()}

    def to_model(self) -> Model:
        """A model with the encoders of the one it came from and the parameters of now, as floats."""
        model = Model.from_bytes(self._model.to_bytes())
        state = self.state_dict()
        for key, name in self.file_names().items():
            model.set_parameter(name, state[key].detach().cpu().to(torch.float32).numpy())
        return model

    def save(self, path: Any) -> None:
        self.to_model().save(path)

    def encode(self, data: Any) -> dict[str, dict[str, torch.Tensor]]:
        """Rows of a frame, a table or a dict as the network takes them: {field: ids [B], ids and offsets, or values [B]}."""
        batch: dict[str, dict[str, torch.Tensor]] = {}
        for name, values in self._model.encode(data).items():
            field, _, part = name.rpartition(".")
            kind = np.float64 if part == "values" else np.int64
            batch.setdefault(field, {})[part] = torch.from_numpy(values.astype(kind))
        return batch

    def _of_fields(self, modules: nn.Module | None, batch: Mapping) -> list[tuple[str, torch.Tensor]]:
        """What `modules` make of the fields, each with its type; without a module, numbers stay as they are."""
        like = next(self.parameters())
        parts = []
        for field in self.config["fields"]:
            encoded = batch[field["name"]]
            module = None if modules is None else modules._modules.get(_key(field["name"]))
            if "values" in encoded:
                numbers = encoded["values"].to(like).reshape(-1, _numbers(field))
                parts.append((field["type"], numbers if module is None else module(numbers)))
            else:
                offsets = encoded.get("offsets")
                parts.append((field["type"], module(encoded["ids"].to(like.device), None if offsets is None else offsets.to(like.device))))
        return parts

    def inputs(self, batch: Mapping) -> torch.Tensor:
        """x0 [B, D]."""
        parts = self._of_fields(self.embedding, batch)
        if not self.projected:
            return torch.cat([part for _, part in parts], 1)
        rates = torch.cat([part for kind, part in parts if kind == "rate"], 1)
        return torch.cat([part for kind, part in parts if kind != "rate"] + [self.project(rates)], 1)

    def forward(self, batch: Mapping) -> torch.Tensor:
        if self.alone:
            logits = torch.cat([_of(self.head, task).bias for task in self.tasks])
        else:
            logits = self._network(batch)
        if self.wide is not None:
            logits = logits + sum(part for _, part in self._of_fields(self.wide, batch))
        return logits

    def _network(self, batch: Mapping) -> torch.Tensor:
        x0 = h = self.inputs(batch)
        for layer in range(self.layers):
            h = (self.cross if self.tied else self.cross[layer])(x0, h)
        s, v = h, {task: h for task in self.tasks}
        for block in self.sharing:
            s, v = block(s, v)
        y: dict[str, torch.Tensor] = {}
        for task, parent in zip(self.tasks, self.parents):
            y[task] = _of(self.tower, task)(v[task])
            if _key(task) in self.transfer._modules:
                y[task] = _of(self.transfer, task)(y[task], y[self.tasks[parent]])
        return torch.cat([_of(self.head, task)(y[task]) for task in self.tasks], 1)

    def log_probabilities(self, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """log p and log(1 - p), each [B, T]; along a chain p is that of the whole path."""
        yes, no = F.logsigmoid(logits).unbind(1), F.logsigmoid(-logits).unbind(1)
        log_p, log_q = [], []
        for t, parent in enumerate(self.parents):
            if parent is None or not self.chain:
                log_p.append(yes[t])
                log_q.append(no[t])
            else:
                log_p.append(log_p[parent] + yes[t])
                log_q.append(torch.logaddexp(log_q[parent], log_p[parent] + no[t]))
        return torch.stack(log_p, 1), torch.stack(log_q, 1)

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        """[B, T]."""
        return self.log_probabilities(logits)[0].exp()

    def loss(self, logits: torch.Tensor, labels: Mapping[str, Any], weights: Any = None, soft: Mapping[str, Any] | None = None) -> torch.Tensor:
        """The engine's total loss. labels: {task: [B] of 0, 1, NaN}; soft: {task: [B] of 0 to 1, NaN}, of tasks that have
        soft labels."""
        B = len(logits)
        w = logits.new_ones(B) if weights is None else torch.as_tensor(np.asarray(weights, np.float64)).to(logits)
        log_p, log_q = self.log_probabilities(logits)
        total = logits.new_zeros(())
        for t, task in enumerate(self.config["tasks"]):
            y = torch.from_numpy(labels_of(task["name"], labels[task["name"]], B)).to(logits)
            known = (y >= 0) * w * torch.where(y == 1, task.get("positive_weight", 1.0), 1.0).to(logits)
            if not known.sum() > 0:
                continue
            target = (y == 1).to(logits)
            if soft is not None and task["name"] in soft:
                given = torch.as_tensor(np.asarray(soft[task["name"]], np.float64)).to(logits)
                share = task.get("soft_share", 0.5)
                target = torch.where(given.isnan(), target, (1 - share) * target + share * given)
            losses = -(target * log_p[:, t] + (1 - target) * log_q[:, t])
            loss = (known * losses).sum() / known.sum()
            if self.config.get("weighting") == "uncertainty":
                spread = self.weighting.log_variance[t]
                loss = torch.exp(-spread) * loss + spread / 2
            total = total + task["weight"] * loss
        alpha = self.config.get("calibrator", 0)
        if alpha and w.sum() > 0:
            p = torch.sigmoid(logits)
            for t, parent in enumerate(self.parents):
                if parent is not None:
                    total = total + alpha * (w * torch.relu(p[:, t] - p[:, parent])).sum() / w.sum()
        return total

"""Models on which the pages are run: every kind of layer in the examples that it registers, and the layers that are
no kinds. Each is a config, random parameters, a few rows, and what `dcrnn trace` computes of them in double."""

import json
import os
import pathlib
import struct
import subprocess

import numpy as np

PROGRAM = os.environ["DCRNN_APP"]
DTYPES = {"F32": "<f4", "F64": "<f8", "U64": "<u8", "U8": "u1"}
ROWS = 5

FIELDS = [
    {"name": "user", "type": "category", "encoding": "id", "size": 7, "dim": 3},
    {"name": "tags", "type": "bag", "encoding": "id", "size": 7, "dim": 2, "pool": "mean"},
    {"name": "words", "type": "bag", "encoding": "id", "size": 6, "dim": 2, "pool": "sum"},
    {"name": "age", "type": "number", "transform": "none"},
]
TASKS = [{"name": "a", "weight": 0.7}, {"name": "b", "after": "a", "weight": 1.3}, {"name": "c", "after": "b"},
         {"name": "d", "after": "a", "weight": 0.4}]
PLAIN = {"fields": FIELDS, "weight": "w", "tasks": TASKS, "cross": {"layers": 1}, "sharing": [], "tower": [],
         "transfer": "none"}
# What the numbers of a rate field are made of.
COUNTED = ["rows", "base", "hits", "share of all rows", "mean of what was seen", "deviation of it", "first number"]


def kinds():
    """[{role, word, page, examples}] of all registered kinds of layers."""
    return json.loads(subprocess.run([os.environ["DCRNN_KINDS"]], check=True, capture_output=True).stdout)


def cases():
    """(name, page, role, config): the configs on which a page is run; the role's tensors are to be on the page."""
    for kind in kinds():
        for n, example in enumerate(kind["examples"]):
            page, name = kind["page"], f"{kind['word']} {n}"
            if kind["role"] == "cross":
                yield name, page, "cross", {"cross": example, "tower": [4]}
            elif kind["role"] == "sharing":
                yield name, page, "sharing", {"sharing": [example]}
                yield name + " twice", page, "sharing", {"sharing": [example, example]}
            else:
                yield name, page, "transfer", {"tower": [4], "transfer": example}
    mixture = [{"kind": "mmoe", "experts": 2, "units": 5}]
    yield "fields", "docs/embedding.md", "embedding", {}
    yield "linear", "docs/linear.md", "tower", {"sharing": mixture, "tower": [4]}
    yield "tower", "docs/tower.md", "tower", {"sharing": mixture, "tower": [4, 3]}
    yield "head", "docs/tower.md", "head", {"sharing": mixture, "tower": [4]}
    yield "silu", "docs/activation.md", "tower", {"sharing": mixture, "tower": [4], "activation": "silu"}
    for probability in ("chain", "independent"):
        yield probability, "docs/loss.md", "", {"probability": probability}
    soft = [{**task, "positive_weight": 1.5 + t, "soft": "s" + task["name"], "soft_share": 0.3 + 0.1 * t}
            for t, task in enumerate(TASKS)]
    for probability in ("chain", "independent"):
        yield "targets " + probability, "docs/targets.md", "", {"probability": probability, "tasks": soft}
    yield "pcgrad", "docs/pcgrad.md", "", {"gradients": "pcgrad", "sharing": [{"shared": 4, "private": 2}],
                                           "probability": "independent"}
    yield "calibrator", "docs/calibrator.md", "", {"probability": "independent", "calibrator": 0.6}
    yield "uncertainty", "docs/uncertainty.md", "weighting", {"weighting": "uncertainty"}
    yield "wide", "docs/wide.md", "wide", {"wide": True}
    yield "project", "docs/rates.md", "project", {
        "fields": [*FIELDS, {"name": "rate", "type": "rate", "of": ["q"], "tasks": ["b", "a"], "prior": 3}],
        "rate_pairs": [{"columns": ["p", "q"]}, {"columns": ["p", "r"], "count": False}], "project": 3}
    yield "wide alone", "docs/wide.md", "wide", {"wide": True, "head": False, "cross": {"layers": 0}}


THREE = [{"name": name, "type": "number", "transform": "none"} for name in ("x1", "x2", "x3")]
ONE_TASK, TWO_TASKS = [{"name": "a"}], [{"name": "a"}, {"name": "b", "after": "a"}]


def by_hand():
    """(page, config) of the models of three features that the pages follow with one row."""
    for kind in ("gru", "dcn", "dcn_v2", "gated_dcn"):
        page = "docs/cross.md" if kind == "gru" else f"docs/{kind}.md"
        yield page, {"fields": THREE, "tasks": ONE_TASK, "cross": {"kind": kind, "layers": 1}}
    none = {"fields": THREE, "tasks": TWO_TASKS, "cross": {"kind": "none"}}
    yield "docs/sharing.md", {**none, "sharing": [{"shared": 2, "private": 1}]}
    yield "docs/mmoe.md", {**none, "sharing": [{"kind": "mmoe", "experts": 2, "units": 2}]}
    yield "docs/cross_stitch.md", {**none, "sharing": [{"kind": "cross_stitch", "units": 2}]}
    yield "docs/transfer.md", {**none, "tower": [2], "transfer": "gru"}
    yield "docs/ait.md", {**none, "tower": [2], "transfer": "ait"}
    mixture = {**none, "tasks": ONE_TASK, "sharing": [{"kind": "mmoe", "experts": 1, "units": 2}]}
    fields = [{"name": "user", "type": "category", "encoding": "id", "size": 3, "dim": 2},
              {"name": "tags", "type": "bag", "encoding": "id", "size": 4, "dim": 2, "pool": "mean"}, THREE[0]]
    yield "docs/embedding.md", {**none, "tasks": ONE_TASK, "fields": fields}
    yield "docs/wide.md", {**none, "fields": fields, "wide": True, "head": False, "cross": {"layers": 0}}
    yield "docs/tower.md", {**mixture, "tower": [2]}
    yield "docs/linear.md", {**mixture, "tower": [2]}
    yield "docs/activation.md", {**mixture, "tower": [2], "activation": "silu"}
    yield "docs/loss.md", none
    yield "docs/targets.md", {**none, "tasks": [{"name": "a", "positive_weight": 2, "soft": "sa"}]}
    yield "docs/calibrator.md", {**none, "probability": "independent", "calibrator": 0.5}
    yield "docs/uncertainty.md", {**none, "weighting": "uncertainty"}
    yield "docs/rates.md", {**none, "fields": [THREE[0], {"name": "rate", "type": "rate", "of": ["p"], "prior": 2}],
                            "project": 2}
    yield "docs/pcgrad.md", {**none, "fields": THREE[:1], "probability": "independent", "gradients": "pcgrad",
                             "sharing": [{"shared": 2, "private": 1}]}


def drawn():
    """(page, config) of the models that the figures show: all widths differ."""
    yield "docs/cross.md", {"cross": {"layers": 1}}
    for kind in ("dcn", "gated_dcn"):
        yield f"docs/{kind}.md", {"cross": {"kind": kind, "layers": 1}}
    yield "docs/dcn_v2.md", {"cross": {"kind": "dcn_v2", "layers": 1, "rank": 3}}
    yield "docs/sharing.md", {"sharing": [{"shared": 6, "private": 3}]}
    yield "docs/mmoe.md", {"sharing": [{"kind": "ple", "shared_experts": 4, "task_experts": 2, "units": 7}]}
    yield "docs/cross_stitch.md", {"sharing": [{"kind": "cross_stitch", "units": 6}]}
    yield "docs/transfer.md", {"tower": [6], "transfer": "gru"}
    yield "docs/ait.md", {"tower": [6], "transfer": "ait"}
    yield "docs/tower.md", {"sharing": [{"kind": "mmoe", "experts": 2, "units": 7}], "tower": [6]}
    yield "docs/loss.md", {}
    rates = [{"name": column, "type": "rate", "of": [column], "tasks": ["a", "b"]} for column in "pq"]
    yield "docs/rates.md", {"tasks": [{"name": name} for name in "abcdefg"], "project": 4,
                            "fields": [FIELDS[0], FIELDS[3], *rates]}


def read_tensors(path):
    data = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    metadata = header.pop("__metadata__", {})
    body = data[8 + size:]
    return metadata, {name: np.frombuffer(body[slice(*entry["data_offsets"])], DTYPES[entry["dtype"]])
                      .reshape(entry["shape"]) for name, entry in header.items()}


def write_tensors(path, metadata, tensors):
    header, bodies, at = {"__metadata__": metadata}, [], 0
    for name, values in tensors.items():
        bodies.append(values.tobytes())
        dtype = next(word for word, code in DTYPES.items() if np.dtype(code) == values.dtype)
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [at, at + len(bodies[-1])]}
        at += len(bodies[-1])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(bodies))


def run(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"dcrnn {' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


class Model:
    """One config with random parameters and rows: `tensors` has the parameters and the trace."""

    def __init__(self, change, directory, by_hand=False, seed=3):
        """`by_hand`: one row, and parameters of one decimal."""
        config = self.said = json.loads(json.dumps({**PLAIN, **change}))
        random = np.random.default_rng(seed)
        self.B = 1 if by_hand else ROWS
        self.rows = self.counted = self.draw_rows(config, random)
        if "project" in config:  # what is trained on is counted: more than the rows of the trace
            more = [self.draw_rows(config, random) for _ in range(3)]
            self.counted = {name: sum((list(rows[name]) for rows in more), list(cells))
                            for name, cells in self.rows.items()}
        if by_hand:
            self.rows = {name: [1.0 if name == "w" else round(cells[0], 1) if isinstance(cells[0], float) else cells[0]]
                         for name, cells in self.rows.items()}
            self.rows.update({"a": [1], "b": [0]} if "b" in self.rows else {"a": [1]})
        paths = [directory / name for name in ("config.json", "rows.csv", "model", "trace")]
        config_path, rows_path, model_path, trace_path = paths
        config_path.write_text(json.dumps(config))
        rows_path.write_text(self.csv(self.counted))
        run("train", config_path, "--train", rows_path, "--out", model_path, "--quiet", "--restart", "--threads", 1,
            "--set", "train.epochs=1")
        metadata, parameters = read_tensors(model_path)
        self.config = json.loads(metadata["dcrnn"])
        self.config.pop("checksum", None)
        encoders = self.encoders = {name: values for name, values in parameters.items() if name.startswith("encoder.")}
        parameters = {name: self.draw(name, values, random, 1 if by_hand else 7) for name, values in parameters.items()
                      if name not in encoders}
        write_tensors(model_path, {"dcrnn": json.dumps(self.config)}, {**parameters, **encoders})
        rows_path.write_text(self.csv(self.rows))
        run("trace", model_path, "--data", rows_path, "--out", trace_path, "--precision", "f64", "--gradients",
            "--threads", 1)
        self.parameters = {name: values.astype(float) for name, values in parameters.items()}
        self.tensors = {**self.parameters, **read_tensors(trace_path)[1]}
        self.flops = json.loads(run("inspect", model_path, "--json"))["forward_flops_per_row"]

        if self.config.get("gradients") == "pcgrad":
            self.gradients = self.tasks_gradients(paths, metadata_of=self.config, tensors={**parameters, **encoders})
        self.fields = self.config["fields"]
        self.tasks = [task["name"] for task in self.config["tasks"]]
        self.parents = [self.tasks.index(task["after"]) if "after" in task else None for task in self.config["tasks"]]
        self.T = len(self.tasks)

    def tasks_gradients(self, paths, metadata_of, tensors):
        """[T + 2, P]: of every task's loss alone, of all, as the optimizer gets it, with respect to what tasks share."""
        _, rows_path, model_path, trace_path = paths
        names = [task["name"] for task in metadata_of["tasks"]]
        shared = [name for name in self.parameters if not set(name.split(".")) & {*names, "wide", "weighting"}]
        traces = []
        for wanted in [*([name] for name in names), names]:
            config = {**metadata_of, "gradients": "sum", "tasks": [
                task if task["name"] in wanted else {**task, "weight": 0} for task in metadata_of["tasks"]]}
            write_tensors(model_path, {"dcrnn": json.dumps(config)}, tensors)
            run("trace", model_path, "--data", rows_path, "--out", trace_path, "--precision", "f64", "--threads", 1)
            traces.append(read_tensors(trace_path)[1])
        return np.array([np.concatenate([trace["grad." + name].ravel() for name in shared])
                         for trace in traces + [self.tensors]])

    @staticmethod
    def draw(name, values, random, decimals):
        matrix = values.ndim == 2 and not name.startswith("embedding")
        bound = 1.5 / np.sqrt(values.shape[1]) if matrix else 0.7
        return (bound * random.uniform(-1, 1, values.shape)).round(decimals).astype("<f4")

    @staticmethod
    def draw_rows(config, random):
        rows = {}
        for field in config["fields"]:
            if field["type"] == "rate":
                continue  # of the columns below
            if field["type"] == "number":
                rows[field["name"]] = [round(float(x), 4) for x in random.uniform(-2, 2, ROWS)]
            else:
                counts = [1] * ROWS if field["type"] == "category" else [3, 0, 1, 4, 2]
                rows[field["name"]] = [random.integers(0, field["size"], n) for n in counts]
        for field in config["fields"]:
            if field["type"] == "bag":
                rows[field["name"]][0][1] = rows[field["name"]][0][0]  # an id that stands twice
        for column in ("p", "q", "r"):  # of rate fields
            rows[column] = [str(x) for x in random.integers(0, 3, ROWS)]
        rows["w"] = [round(float(x), 4) for x in random.uniform(0.5, 1.5, ROWS)]
        for t, task in enumerate(config["tasks"]):
            labels = [(b + t) % 2 for b in range(ROWS)]
            if "project" in config:  # rates of all sizes
                labels = random.integers(0, 4, ROWS).clip(0, 1).tolist()
            labels[(t + 1) % ROWS] = None
            rows[task["name"]] = labels
            rows["s" + task["name"]] = [None if b == t else round(float(x), 4)
                                        for b, x in enumerate(random.uniform(0, 1, ROWS))]
        return rows

    @staticmethod
    def csv(rows):
        def cell(x):
            return "" if x is None else "|".join(map(str, x)) if isinstance(x, np.ndarray) else str(x)
        return "\n".join(",".join(line) for line in
                         [list(rows)] + [list(map(cell, row)) for row in zip(*rows.values())]) + "\n"

    # ................................................................................ what the pages ask

    def path(self, task):
        """From the root to the task: the tasks whose logits make its probability."""
        above = self.parents[task] if self.config["probability"] == "chain" else None
        return [*([] if above is None else self.path(above)), task]

    def keys(self, scope):
        """Keys of the config, those of the layer that a page is about included."""
        # What is not written: mmoe is ple without experts of the tasks.
        found = {"task_experts": 0, "positive_weight": 1, "soft_share": 0.5, **self.config}
        if isinstance(self.config.get("cross"), dict):
            found.update(self.config["cross"])
        for block in self.config["sharing"] + self.said["sharing"]:  # some defaults are not written
            found.update(block)
        for turn in scope.values():
            if turn.kind == "field":
                found.update({"pool": "sum", **self.fields[turn.value]})
            if turn.kind == "task":
                found.update(self.config["tasks"][turn.value])
        return found

    def data(self, run, what, name, key):
        """Numbers of the rows: None where there are none."""
        field = next((turn.value for turn in run.scope.values() if turn.kind == "field"), None)
        if what == "weights":
            return np.array(self.rows["w"]).reshape(-1, 1)
        if what in ("labels", "labelled"):
            labels = self.rows[self.tasks[key.subs[0]]]
            return np.array([[float(y is not None) if what == "labelled" else float(y or 0)] for y in labels])
        if what == "mask":
            made = run.values.get(key)
            return made
        if what == "gradient of a task":
            return self.gradients[[key.subs[0]]]
        if what == "plain gradient":
            return self.gradients[[-2]]
        if what == "gradient for the optimizer":
            return self.gradients[[-1]]
        if what in ("soft labels", "soft there"):
            cells = self.rows["s" + self.tasks[key.subs[0]]]
            return np.array([[float(x is not None) if what == "soft there" else 0.3 if x is None else x] for x in cells])
        if field is None:
            return None
        if what in COUNTED:
            return self.rate_data(what, field)
        cells, kind = self.rows[self.fields[field]["name"]], self.fields[field]["type"]
        if what == "ids":
            row = next(turn.value for turn in run.scope.values() if turn.kind == "row")
            return None if kind == "number" else np.asarray(cells[row], np.int64)
        if what == "numbers":
            return np.array(cells).reshape(-1, 1) if kind == "number" else None
        if what == "first column":
            widths = [other.get("dim", 1) if other["type"] != "number" else 1 for other in self.fields]
            return np.asarray(float(sum(widths[:field])))
        raise KeyError(what)

    def rate_data(self, what, field):
        """Of a rate field, counted here from the rows that were trained on; None of other fields."""
        rates = [f for f, other in enumerate(self.fields) if other["type"] == "rate"]
        if field not in rates:
            return None
        name = self.fields[field]["name"]
        mean, deviation = self.encoders[f"encoder.{name}.rate.statistics"].T
        if what == "first number":
            before = (self.fields[f]["name"] for f in rates if f < field)
            return np.asarray(float(sum(len(self.encoders[f"encoder.{other}.rate.statistics"]) for other in before)))
        if what in ("mean of what was seen", "deviation of it"):
            return mean if what.startswith("mean") else deviation

        def key_of(rows, b):
            return [rows[column][b] for column in self.fields[field]["of"]]

        chosen, N = self.fields[field].get("tasks", self.tasks), len(self.counted["w"])
        shares = [[self.share(t, b) for t in map(self.tasks.index, chosen)] for b in range(N)]  # [N, k, 2]
        if what == "share of all rows":
            base, hits = np.sum(shares, axis=0).T
            return np.clip(hits / base, 1e-4, 1 - 1e-4)
        seen = [[b for b in range(N) if key_of(self.counted, b) == key_of(self.rows, row)] for row in range(self.B)]
        if what == "rows":
            return np.array([[float(len(rows))] for rows in seen])
        return np.array([np.sum([shares[b] for b in rows], axis=0)[:, ["base", "hits"].index(what)] for rows in seen])

    def share(self, task, b):
        """(base, hits) of a row that was trained on."""
        labels = [self.counted[self.tasks[t]][b] for t in (task, self.parents[task]) if t is not None]
        if None in labels:
            return 0.0, 0.0
        base = self.counted["w"][b] * (labels[1] if len(labels) > 1 else 1)
        return base, base * labels[0]

    def given(self, run, name, key):
        """The gradient of a value that the trace doesn't have: of the last block's streams, which the heads read."""
        if name == "total":
            return np.ones(run.values[key].shape)
        if name == "v_t'" and not self.config["tower"]:
            t = key.subs[0]
            return self.tensors["grad.logit"][:, [t]] @ self.tensors[f"head.{self.tasks[t]}.weight"]
        return None

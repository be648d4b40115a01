"""What the tests of the command line share: running the program, small data, reading safetensors files."""

import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["DCRNN_APP"]
TIMEOUT = 300

SMALL_CONFIG = {
    "fields": [
        {"name": "user", "type": "category", "encoding": "id", "size": 50, "dim": 2},
        {"name": "kind", "type": "category", "encoding": "vocab", "dim": 2},
        {"name": "tags", "type": "bag", "encoding": "hash", "size": 20, "dim": 2},
        {"name": "age", "type": "number"},
        {"name": "price", "type": "number", "transform": "none"},
    ],
    "tasks": [{"name": "click"}, {"name": "consume", "after": "click"}],
    "weight": "w",
    "cross": {"layers": 1},
    "sharing": [{"shared": 4, "private": 2}],
    "tower": [3],
    "train": {"epochs": 1, "batch": 16},
}
ENDLESS = ["--set", "train.epochs=100000", "--set", "train.early_stopping.patience=0", "--set",
           "train.checkpoint_seconds=0"]
SMALL_HEADER = "user,kind,tags,age,price,w,click,consume"


def small_rows(count=64, seed=1):
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        click = draw.randrange(2)
        tags = "|".join(draw.choices("abcde", k=draw.randrange(4)))
        rows.append([str(draw.randrange(50)), draw.choice(["x", "y", ""]), tags, str(draw.randrange(18, 80)),
                     f"{draw.random():.3f}", "1.5", str(click), str(click & draw.randrange(2))])
    return rows


def small_csv(rows, header=SMALL_HEADER):
    return header + "\n" + "".join(",".join(row) + "\n" for row in rows)


def command(args):
    return [PROGRAM, *map(str, args)]


def environment(extra=None):
    return {**{k: v for k, v in os.environ.items() if k != "DCRNN_ISA"}, **(extra or {})}


def run(*args, stdin=b"", env=None, stdout=subprocess.PIPE):
    """Runs the program to its end; stderr and, where it is a pipe, stdout come as bytes."""
    return subprocess.run(command(args), input=stdin, env=environment(env), stdout=stdout,
                          stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)


def start(*args, **options):
    return subprocess.Popen(command(args), env=environment(), **options)


def read_tensors(path):
    """(metadata, {name: (dtype, shape, values)}) of a safetensors file."""
    data = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        code = {"F32": "f", "F64": "d", "U8": "B", "U64": "Q"}[entry["dtype"]]
        count = (end - begin) // struct.calcsize(code)
        values = struct.unpack(f"<{count}{code}", data[8 + size + begin:8 + size + end])
        tensors[name] = (entry["dtype"], entry["shape"], values)
    return metadata, tensors


def instruction_sets():
    for line in run("--version").stdout.decode().splitlines():
        if line.startswith("instruction sets:"):
            return line.split(":")[1].split()
    raise AssertionError("--version names no instruction sets")


class CommandLineTest(unittest.TestCase):
    """A test with a directory of its own, `self.dir`."""

    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="dcrnn-cli-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)

    def succeed(self, *args, **options):
        done = run(*args, **options)
        self.assertEqual(done.returncode, 0, f"{args}: {done.stderr.decode(errors='replace')}")
        return done

    def check_error(self, done, code, pattern):
        """`done` failed with `code`, said so in one line that matches `pattern`, and how to mend it in another."""
        text = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, code, text)
        lines = text.splitlines()
        self.assertEqual(len(lines), 2, text)
        self.assertRegex(lines[0], "^error: .*" + pattern)
        self.assertRegex(lines[1], "^help: .")
        if done.stdout is not None:
            self.assertEqual(done.stdout, b"")

    def write(self, name, content):
        path = self.dir / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def write_config(self, name, change=lambda config: None):
        config = json.loads(json.dumps(SMALL_CONFIG))
        change(config)
        return self.write(name, json.dumps(config))

    def train_small(self, model, *extra):
        """Trains the small config on small rows into `model`."""
        config = self.write_config("config.json")
        data = self.write("good.csv", small_csv(small_rows()))
        return self.succeed("train", config, "--train", data, "--out", model, "--quiet", *extra)

    @contextlib.contextmanager
    def started(self, *args, **options):
        process = start(*args, **options)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()

    def wait_for_checkpoint(self, process, model):
        """Until a checkpoint of the run that writes `model` has changed or the process has ended."""
        def state():
            try:
                return sorted((entry.name, entry.inode(), entry.stat().st_mtime_ns) for entry in os.scandir(model.parent)
                              if re.fullmatch(rf"{re.escape(model.name)}.*\.checkpoint(\.\d+)?", entry.name))
            except FileNotFoundError:  # gone since it was listed, or the directory is not there yet
                return []
        before, limit = state(), time.monotonic() + TIMEOUT
        while process.poll() is None and state() in (before, []):
            self.assertLess(time.monotonic(), limit)
            time.sleep(0.0005)

    def finish_despite_kills(self, model, arguments, draw, longest=0.1, most=6, least=2):
        """Starts the run `arguments(kills)`, which writes `model`, again and again, each killed up to `longest` seconds
        after a checkpoint (the first `least` at once: a fast machine is at the end a moment later), until one ends.
        The number of kills and what the last run said."""
        kills = 0
        while True:
            with self.started(*arguments(kills), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
                if kills < most:
                    self.wait_for_checkpoint(process, model)
                    if kills >= least:
                        time.sleep(draw.random() * longest)
                    process.kill()
                said = process.communicate(timeout=TIMEOUT)[1].decode()
            if process.returncode != -signal.SIGKILL:
                break
            kills += 1
        self.assertEqual(process.returncode, 0, said)
        self.assertGreaterEqual(kills, least)
        return kills, said


class FilesTest(CommandLineTest):
    """Every test in a directory of its own, the current one: a model, its data and its config."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls("setUp")
        self.train_small(cls.dir / "model")
        self.write("valid.csv", small_csv(small_rows(seed=2)))

    def setUp(self):
        self.at = self.dir / self.id().rsplit(".", 1)[1]
        self.at.mkdir()
        for name in ("model", "good.csv", "valid.csv", "config.json"):
            (self.at / name).write_bytes((self.dir / name).read_bytes())
        previous = os.getcwd()
        os.chdir(self.at)
        self.addCleanup(os.chdir, previous)

    def training(self, *arguments, out="m", read=("config.json", "good.csv", "valid.csv"), threads=1):
        config, train, valid = read
        files = ["--train", train, "--valid", valid, "--out", out]
        return ["train", config, *files, "--threads", threads, "--quiet", *arguments]

    def whole(self, *arguments):
        """A model that nothing has interrupted."""
        self.succeed(*self.training(*arguments, out="whole"))
        return "whole"

    def same_bytes(self, one, other):
        return pathlib.Path(one).read_bytes() == pathlib.Path(other).read_bytes()

    def temporaries(self):
        return [path.name for path in pathlib.Path(".").rglob("*") if path.name.endswith(".tmp")]

    def outcome(self, command, before=None, **options):
        """Runs the program after `before()` in its process."""
        return subprocess.run(command, env=environment(), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              preexec_fn=before, timeout=TIMEOUT, check=False, **{"stdout": subprocess.PIPE, **options})

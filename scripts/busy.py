#!/usr/bin/env python3
"""Measures how training with two threads fares beside others on the same processors.

  scripts/busy.py [--program build/release/bin/dcrnn] [--seconds 1]

Three tables, each of the time of two threads beside that of one, for D = 36, 60 and 429 and batches from 1 to 4096:
  busy     both processors taken by other work, which the script makes itself
  quota    a control group that may use one processor: the default number of threads beside --threads 1
  idle     nothing else running; beside it what two runs of one thread side by side reach, which is all that two halves
           of one core can give
A run trains ids on made-up rows, the time is that of its steps (the log's `seconds`); pairs are run in turns and the
median of the ratios is told. Says what is wanted, and exits with 1 where that is not reached.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile

PROCESSORS = sorted(os.sched_getaffinity(0))[:2]
SHAPES = {36: (6, 6, 0), 60: (10, 6, 0), 429: (26, 16, 13)}  # D: fields of ids, their width, numbers
BATCHES = (1, 16, 64, 256, 1024, 4096)
PAIRS = 5
ROWS = {36: 16384, 60: 8192, 429: 4096}


def write_log(directory, D):
    """A config and rows for it: ids below 1000, numbers, a click that depends on one of them."""
    fields, width, numbers = SHAPES[D]
    names = [f"f{i}" for i in range(fields)] + [f"x{i}" for i in range(numbers)]
    draw = random.Random(1)
    config = {
        "fields": [{"name": name, "type": "category", "encoding": "id", "size": 1000, "dim": width}
                   for name in names[:fields]] +
                  [{"name": name, "type": "number", "transform": "none"} for name in names[fields:]],
        "tasks": [{"name": "click"}, {"name": "consume", "after": "click"}],
        "train": {"epochs": 1},
    }
    lines = [",".join([*names, "click", "consume"])]
    for _ in range(ROWS[D]):
        ids = [draw.randrange(1000) for _ in range(fields)]
        click = int(draw.random() < (0.6 if ids[0] % 2 else 0.2))
        cells = [*ids, *(f"{draw.random():.3f}" for _ in range(numbers)), click, click & draw.randrange(2)]
        lines.append(",".join(map(str, cells)))
    (directory / "config.json").write_text(json.dumps(config))
    (directory / "log.csv").write_text("\n".join(lines) + "\n")


class Trainings:
    def __init__(self, program, directory, D, batch, seconds):
        self.program, self.directory, self.D = program, directory, D
        # So many rows that a run takes about as long as was asked for, as measured by a first one.
        self.batch, self.rows = batch, min(ROWS[D], max(8 * batch, 512))
        self.epochs = 1
        self.epochs = max(1, min(200, round(seconds / max(self.run(1), 1e-3))))

    def command(self, threads, name):
        count = [] if threads is None else ["--threads", str(threads)]
        log = self.directory / f"log{self.rows}.csv"
        if not log.exists():
            lines = (self.directory / "log.csv").read_text().splitlines(keepends=True)
            log.write_text("".join(lines[:self.rows + 1]))
        return [self.program, "train", self.directory / "config.json", "--train", log,
                "--out", self.directory / name, "--cache", self.directory / "cache", "--restart", "--quiet", *count,
                "--set", f"train.batch={self.batch}", "--set", f"train.epochs={self.epochs}"]

    def seconds(self, name):
        lines = [json.loads(line) for line in (self.directory / f"{name}.jsonl").read_text().splitlines()]
        return sum(line["seconds"] for line in lines if line.get("epoch", 0) > 0)

    def run(self, threads, prefix=(), name="m"):
        subprocess.run([*prefix, *self.command(threads, name)], check=True, stderr=subprocess.DEVNULL)
        return self.seconds(name)

    def ratio(self, one, other, prefix=()):
        """Time of `one` beside that of `other`, in turns."""
        return statistics.median(self.run(one, prefix) / self.run(other, prefix) for _ in range(PAIRS))

    def side_by_side(self):
        """How much more than one run alone two runs of one thread get done, each on a processor of its own."""
        alone = statistics.median(self.run(1) for _ in range(PAIRS))
        both = []
        for _ in range(PAIRS):
            runs = [subprocess.Popen(["taskset", "-c", str(cpu), *self.command(1, f"m{cpu}")],
                                     stderr=subprocess.DEVNULL) for cpu in PROCESSORS]
            if any(run.wait() != 0 for run in runs):
                sys.exit("a run beside another failed")
            both.append(statistics.mean(self.seconds(f"m{cpu}") for cpu in PROCESSORS))
        return 2 * alone / statistics.median(both)


@contextlib.contextmanager
def others():
    """As many endless loops as there are processors."""
    loops = [subprocess.Popen(["taskset", "-c", str(cpu), sys.executable, "-c", "while True: pass"])
             for cpu in PROCESSORS]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def in_group_of_one_processor(directory):
    """What a command begins with to run in such a group, and what kind of group that is; None if neither can be."""
    group = pathlib.Path(f"/sys/fs/cgroup/dcrnn-{os.getpid()}")
    try:
        if not (group.parent / "cgroup.procs").exists():
            raise FileNotFoundError("no control groups here, a folder only")
        group.mkdir()
        (group / "cpu.max").write_text("100000 100000")
        return ["sh", "-c", f'echo $$ >{group}/cgroup.procs && exec "$@"', "sh"], "a control group", group
    except OSError:
        with contextlib.suppress(OSError):
            group.rmdir()
    tree = directory / "tree"
    tree.mkdir()
    (tree / "cpu.max").write_text("100000 100000\n")
    (tree / "cgroup").write_text("0::/\n")
    script = f'mount --bind {tree} /sys/fs/cgroup && mount --bind {tree}/cgroup /proc/$$/cgroup && exec "$@"'
    prefix = ["unshare", "-m", "sh", "-c", script, "sh"]
    if shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
        return prefix, "a made-up tree of control groups", None
    return None


def tell(table, D, batch, ratio, wanted, reached):
    print(f"{table:6} D={D:<4} batch={batch:<5} {ratio:5.2f}   {wanted} {'' if reached else '  NOT REACHED'}", flush=True)
    return reached


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/bin/dcrnn")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a run of one thread, about; default: 1")
    options = parser.parse_args()
    if len(PROCESSORS) < 2:
        sys.exit("needs two processors")
    program, good = pathlib.Path(options.program).resolve(), True
    with tempfile.TemporaryDirectory() as made:
        for D in SHAPES:
            directory = pathlib.Path(made) / str(D)
            directory.mkdir()
            write_log(directory, D)
            runs = {batch: Trainings(program, directory, D, batch, options.seconds) for batch in BATCHES}
            with others():
                for batch in BATCHES:
                    ratio = runs[batch].ratio(2, 1)
                    good &= tell("busy", D, batch, ratio, "at most 1.2 times the time of one", ratio <= 1.2)
            group = in_group_of_one_processor(directory)
            if group is None:
                print("quota  SKIPPED: no control group and no mount namespace can be made here")
            else:
                prefix, kind, folder = group
                for batch in (64, 1024):
                    ratio = runs[batch].ratio(None, 1, prefix)
                    good &= tell("quota", D, batch, ratio, f"at most 1.1 times the time of --threads 1 ({kind})",
                                 ratio <= 1.1)
                if folder is not None:
                    folder.rmdir()
            if D != 36:
                speedup, most = 1 / runs[1024].ratio(2, 1), runs[1024].side_by_side()
                whole, share = {60: (1.5, 0.75), 429: (1.85, 0.93)}[D]
                wanted = whole if most >= 2 else share * most
                good &= tell("idle", D, 1024, speedup,
                             f"times as fast, at least {wanted:.2f}; two runs side by side: {most:.2f}", speedup >= wanted)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

"""Times `dcrnn predict` with --keep, --bad-rows skip and several files beside predict without: medians of turns.

    python3 bench/predict_options.py build/release/bin/dcrnn [--rows 400000] [--turns 9]
"""

import argparse
import pathlib
import statistics
import subprocess
import tempfile
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--rows", type=int, default=400000)
    parser.add_argument("--turns", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dcrnn-bench-") as name:
        folder = pathlib.Path(name)
        run = lambda *args: subprocess.run([options.program, *map(str, args)], check=True, stderr=subprocess.DEVNULL)
        run("synth", folder / "log", "--rows", options.rows)
        data, model = folder / "log" / "train.csv", folder / "model"
        run("train", folder / "log" / "config.json", "--train", folder / "log" / "valid.csv", "--out", model, "--quiet",
            "--set", "train.epochs=1")
        header, *rows = data.read_text().splitlines(keepends=True)
        parts = []
        for i in range(8):
            parts.append(folder / f"part{i}.csv")
            parts[-1].write_text(header + "".join(rows[i * len(rows) // 8:(i + 1) * len(rows) // 8]))
        columns = header.strip().split(",")
        ways = {"plain": [data], "plain again": [data], "8 files": parts, "--bad-rows skip": [data, "--bad-rows", "skip"],
                "--keep one column": [data, "--keep", columns[0]],
                "all three": [*parts, "--bad-rows", "skip", "--keep", columns[0]]}
        seconds = {way: [] for way in ways}
        for _ in range(options.turns):
            for way, args in ways.items():
                start = time.perf_counter()
                run("predict", model, "--out", folder / "out.csv", "--data", *args)
                seconds[way].append(time.perf_counter() - start)
        base = statistics.median(seconds["plain"])
        for way, times in seconds.items():
            median = statistics.median(times)
            print(f"{way:20} {median:7.3f} s  {100 * (median / base - 1):+5.1f} %")


if __name__ == "__main__":
    main()

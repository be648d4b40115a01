"""This engine by its program, the config untouched."""
import os
import subprocess
import tempfile

import pandas as pd

PROGRAM = os.environ.get("DCRNN", "build/release/bin/dcrnn")


def VERSION():
    return subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]


def train(log, seed):
    folder = tempfile.TemporaryDirectory()
    model = os.path.join(folder.name, "model.safetensors")
    subprocess.run([PROGRAM, "train", log.config_path, "--train", log.path("train"), "--valid", log.path("valid"),
                    "--out", model, "--set", f"train.seed={seed}", "--threads", "2", "--quiet"], check=True)

    def write(frame, name):
        path = os.path.join(folder.name, name)
        frame[log.features].to_csv(path, index=False)
        return path

    def score(frame):
        out = os.path.join(folder.name, "p.csv")
        subprocess.run([PROGRAM, "predict", model, "--data", write(frame, "rows.csv"), "--out", out],
                       check=True)
        return pd.read_csv(out)[["p_" + task for task in log.tasks]].to_numpy()

    def one(frame):
        """A row through the pipes of a running `predict`, reading and writing its text included."""
        with open(write(frame, "row.csv")) as file:
            header, row = file.read().splitlines()
        process = subprocess.Popen([PROGRAM, "predict", model, "--data", "-", "--out", "-", "--batch", "1"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        process.stdin.write(header + "\n")

        def run():
            process.stdin.write(row + "\n")
            process.stdin.flush()
            return process.stdout.readline()

        run()  # that was the header
        process.stdout.readline()
        return run

    score.one, score.folder = one, folder
    return score

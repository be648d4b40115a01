#!/usr/bin/env python3
"""Trains the demo's model as it is and without its parts on the demo's log, prints what each reaches on test.csv
(the table of docs/synthetic.md) and draws the AUC after every epoch (docs/img/demo.svg). Run scripts/demo.sh first."""
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOG = ROOT / "build/demo"
DCRNN = ROOT / "build/release/bin/dcrnn"
MODELS = [  # name in the figure (none: only in the table), colour, settings
    ("as in config.json", "#1f6fb4", []),
    ("without the cross layers", "#d9772b", ["cross.layers=0"]),
    ("without cross, sharing and tower", "#7a7a7a", ["cross.layers=0", "sharing=[]", "tower=[]"]),
    (None, None, ["transfer=gru"]),
    (None, None, ["cross.layers=0", "sharing=[]", "tower=[]", "transfer=gru"]),
]
WIDTH, HEIGHT, TOP, LEFT, GAP = 280, 200, 50, 60, 80


def run(*arguments):
    return subprocess.run([DCRNN, *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def evaluate(model, split):
    return json.loads(run("eval", model, "--data", LOG / f"{split}.csv", "--json"))["tasks"]


# All ten epochs, at rates that fall to 0: the curves end where each model gets to.
TRAINING = ["train.optimizer.kind=adam", "train.optimizer.rate=0.002", "train.early_stopping.patience=0"]


def train(index, settings):
    """Trains a model; returns it and its metrics on valid.csv after every epoch."""
    model = LOG / f"figure-{index}.safetensors"
    options = [word for setting in [*TRAINING, *settings] for word in ("--set", setting)]
    run("train", LOG / "config.json", "--train", LOG / "train.csv", "--valid", LOG / "valid.csv", "--out", model,
        *options)
    lines = map(json.loads, Path(f"{model}.jsonl").read_text().splitlines())
    return model, [line["valid"] for line in lines if "valid" in line]


class Panel:
    """A chart of one task: epochs to the right, AUC upwards."""

    def __init__(self, left, epochs, low, high):
        self.left, self.epochs, self.low, self.high, self.parts = left, epochs, low, high, []

    def x(self, epoch):
        return self.left + WIDTH * (epoch - 1) / (self.epochs - 1)

    def y(self, auc):
        return TOP + HEIGHT * (self.high - auc) / (self.high - self.low)

    def line(self, auc, style):
        self.parts.append(f'<line x1="{self.left}" x2="{self.left + WIDTH}" y1="{self.y(auc):.1f}" '
                          f'y2="{self.y(auc):.1f}" {style}/>')

    def text(self, x, y, words, anchor="middle", style=""):
        self.parts.append(f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" {style}>{words}</text>')

    def curve(self, index, aucs, colour, name):
        points = [f"{self.x(i + 1):.1f},{self.y(auc):.1f}" for i, auc in enumerate(aucs) if auc >= self.low]
        self.parts.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        self.text(self.left + WIDTH, TOP + HEIGHT * 0.4 + 17 * index, name, "end", f'fill="{colour}"')


def draw(task, left, curves, truth):
    last = [aucs[-1] for aucs in curves]
    panel = Panel(left, len(curves[0]), round(min(last) - 0.03, 2), round(truth + 0.01, 2))
    panel.text(left + WIDTH / 2, 28, f"{task}: AUC on valid.csv", style='font-weight="bold"')
    for tick in range(round(100 * panel.low), round(100 * panel.high) + 1, 2):
        panel.line(tick / 100, 'stroke="#e4e4e4"')
        panel.text(left - 6, panel.y(tick / 100) + 4, f"{tick / 100:.2f}", "end")
    for epoch in (1, *range(2, panel.epochs + 1, 2)):
        panel.text(panel.x(epoch), TOP + HEIGHT + 18, epoch)
    panel.text(left + WIDTH / 2, TOP + HEIGHT + 36, "epoch")
    panel.line(truth, 'stroke="#333" stroke-dasharray="5 4"')
    panel.text(left + 6, panel.y(truth) - 6, "the true probabilities", "start")
    for index, (aucs, (name, colour, _)) in enumerate(zip(curves, MODELS)):
        panel.curve(index, aucs, colour, name)
    return panel.parts


def main():
    if not (LOG / "train.csv").exists() or not DCRNN.exists():
        sys.exit("error: no demo in build/demo\n  run scripts/demo.sh first")
    histories, rows = [], []
    for index, (_, _, settings) in enumerate(MODELS):
        model, history = train(index, settings)
        histories.append(history)
        rows.append((", ".join(f"`{s}`" for s in settings) or "as in `config.json`", evaluate(model, "test")))
    tasks = list(rows[0][1])
    print("| model | " + " | ".join(tasks) + " |\n|---|" + "---|" * len(tasks))
    print("| the truth | " + " | ".join(f"{rows[0][1][task]['truth_auc']:.4f}" for task in tasks) + " |")
    for name, metrics in rows:
        print(f"| {name} | " + " | ".join(f"{metrics[task]['auc']:.4f}" for task in tasks) + " |")

    truth = evaluate(LOG / "figure-0.safetensors", "valid")
    parts = []
    for i, task in enumerate(tasks):
        curves = [[epoch[task]["auc"] for epoch in history] for (name, _, _), history in zip(MODELS, histories) if name]
        parts += draw(task, LEFT + i * (WIDTH + GAP), curves, truth[task]["truth_auc"])
    (ROOT / "docs/img/demo.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 300" font-family="sans-serif" font-size="12" '
        'fill="#333"><rect width="760" height="300" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")


if __name__ == "__main__":
    main()

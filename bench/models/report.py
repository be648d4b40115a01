#!/usr/bin/env python3
"""report.py DIR --into docs/peers.md: the results of run.py as tables, in place of those between the page's marks."""
import argparse
import glob
import json
import os
import re
import statistics

NAMES = {"dcrnn": "DCRNN", "xgboost": "XGBoost", "lightgbm": "LightGBM", "rechub": "torch-rechub, PLE",
         "deepctr": "DeepCTR-Torch, MMOE"}


def spread(values, digits):
    text = f"{statistics.fmean(values):.{digits}f}"
    return text + (f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else "")


def good(results):
    """Those of peers that ran."""
    return [r for r in results if "tasks" in r and "error" not in r]


def tables(results):
    out = []
    for log in sorted({r["log"] for r in results}):
        of_log = [r for r in results if r["log"] == log]
        tasks = list(next(r["tasks"] for r in of_log if "tasks" in r))
        out += [f"### {log}", "", "| model | version | seeds | " + " | ".join(f"{t}: AUC | log loss" for t in tasks) +
                " | CPU s | peak MB | one row, us |", "|" + "---|" * (6 + 2 * len(tasks))]
        for peer, name in NAMES.items():
            runs = [r for r in of_log if r["peer"] == peer]
            done = good(runs)
            if done:
                cells = [spread([r["tasks"][t][what] for r in done], 4) for t in tasks for what in ("auc", "logloss")]
                cells += [spread([r["cpu_seconds"] for r in done], 0), spread([r["peak_MB"] for r in done], 0),
                          f"{statistics.median(r['row_us'] for r in done):.0f}"]
                out.append(f"| {name} | {done[0]['version']} | {len(done)} | " + " | ".join(cells) + " |")
            elif runs:
                out.append(f"| {name} | {runs[0].get('version', '?')} | 0 | {runs[0]['error']} |" +
                           " |" * (2 * len(tasks) + 2))
        out.append("")
    return "\n".join(out)


def summary(results):
    """AUC alone, all logs in one table."""
    logs = sorted({r["log"] for r in results})
    tasks = {log: list(next(r["tasks"] for r in results if r["log"] == log and "tasks" in r)) for log in logs}
    out = ["| test AUC | " + " | ".join(f"{log}: {' / '.join(tasks[log])}" for log in logs) + " |", "|" + "---|" * (1 + len(logs))]
    for peer, name in NAMES.items():
        cells = []
        for log in logs:
            done = good(r for r in results if (r["peer"], r["log"]) == (peer, log))
            mean = lambda t: f"{statistics.fmean(r['tasks'][t]['auc'] for r in done):.4f}"
            cells.append(" / ".join(mean(t) for t in tasks[log]) if done else "-")
        if any(cell != "-" for cell in cells):
            out.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(out) + "\n"


def put(path, mark, text):
    """In place of what stands between the marks of a page."""
    with open(path) as file:
        page = file.read()
    page = re.sub(rf"(?s)(<!-- {mark} -->\n).*(<!-- end of {mark} -->)", lambda m: m[1] + text + m[2], page)
    with open(path, "w") as file:
        file.write(page)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results")
    parser.add_argument("--into", required=True)
    parser.add_argument("--summary", help="a page that gets the AUC of all")
    options = parser.parse_args()
    results = []
    for path in sorted(glob.glob(os.path.join(options.results, "*.json"))):
        with open(path) as file:
            results.append(json.load(file))
    put(options.into, "tables", tables(results))
    if options.summary:
        put(options.summary, "peers", summary(results))


if __name__ == "__main__":
    main()

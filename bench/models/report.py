#!/usr/bin/env python3
"""report.py DIR --into docs/peers.md: the results of run.py as tables, in place of those between the page's marks. With
--without-times, for results of a machine that had other work, without seconds and microseconds."""
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


def tables(results, times):
    out = []
    for log in sorted({r["log"] for r in results}):
        of_log = [r for r in results if r["log"] == log]
        tasks = list(next(r["tasks"] for r in of_log if "tasks" in r))
        out += [f"### {log}", "", "| model | version | seeds | " + " | ".join(f"{t}: AUC | log loss" for t in tasks) +
                (" | CPU s | peak MB | one row, us |" if times else " | peak MB |"),
                "|" + "---|" * ((6 if times else 4) + 2 * len(tasks))]
        for peer, name in NAMES.items():
            runs = [r for r in of_log if r["peer"] == peer]
            good = [r for r in runs if "tasks" in r and "error" not in r]
            if good:
                cells = [spread([r["tasks"][t][what] for r in good], 4) for t in tasks for what in ("auc", "logloss")]
                memory = spread([r["peak_MB"] for r in good], 0)
                cells += [spread([r["cpu_seconds"] for r in good], 0), memory,
                          f"{statistics.median(r['row_us'] for r in good):.0f}"] if times else [memory]
                out.append(f"| {name} | {good[0]['version']} | {len(good)} | " + " | ".join(cells) + " |")
            elif runs:
                out.append(f"| {name} | {runs[0].get('version', '?')} | 0 | {runs[0]['error']} |" +
                           " |" * (2 * len(tasks) + (2 if times else 0)))
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
            good = [r for r in results if (r["peer"], r["log"]) == (peer, log) and "tasks" in r and "error" not in r]
            mean = lambda t: f"{statistics.fmean(r['tasks'][t]['auc'] for r in good):.4f}"
            cells.append(" / ".join(mean(t) for t in tasks[log]) if good else "-")
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
    parser.add_argument("--without-times", action="store_true")
    options = parser.parse_args()
    results = []
    for path in sorted(glob.glob(os.path.join(options.results, "*.json"))):
        with open(path) as file:
            results.append(json.load(file))
    put(options.into, "tables", tables(results, not options.without_times))
    if options.summary:
        put(options.summary, "peers", summary(results))


if __name__ == "__main__":
    main()

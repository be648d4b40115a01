#!/usr/bin/env python3
"""Makes a report out of what the benchmarks wrote: report.md, report.json and roofline.svg.

    bench/report.py RAW --out DIR [--clock cpu] [--into docs/performance.md]

RAW holds Google Benchmark's JSON files. A figure is the median over all repetitions of all rounds, with the best
beside it; a ratio compares medians with medians and best with best. `--clock cpu` takes the processor's time in
place of the wall clock, for a machine that others use too. `--into` puts the tables into a page, between its
markers, and the picture beside it. Standard library only.
"""
import argparse
import collections
import glob
import json
import math
import os
import platform
import re
import shutil
import statistics

BEGIN, END = "<!-- report -->", "<!-- end of report -->"


class Results:
    """All repetitions by name, and what the programs said of themselves."""

    def __init__(self, folder, clock):
        self.times = collections.defaultdict(list)  # seconds
        self.counters = collections.defaultdict(lambda: collections.defaultdict(list))
        self.errors, self.context, self.shares = {}, {}, []
        for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
            with open(path) as file:
                data = json.load(file)
            isa = re.search(r"\.(avx2|sse2)\.json$", path)
            self.context.update({} if isa else data["context"])
            for entry in data["benchmarks"]:
                if entry["run_type"] != "iteration":
                    continue
                name = entry["run_name"].replace("/real_time", "") + (f"@{isa[1]}" if isa else "")
                if entry.get("error_occurred"):
                    self.errors[name] = entry["error_message"]
                    continue
                unit = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[entry["time_unit"]]
                threads = int((re.search(r"threads=(\d+)", name) or [0, 1])[1])
                self.times[name].append(entry["real_time" if threads > 1 else f"{clock}_time"] * unit)
                if threads == 1 and entry["real_time"] > 0 and not name.startswith("first_epoch"):
                    self.shares.append(entry["cpu_time"] / entry["real_time"])
                for key, value in entry.items():
                    if isinstance(value, float) and key not in ("real_time", "cpu_time"):
                        self.counters[name][key].append(value)
        self.peak = self.median_of("peak", lambda name: "@" not in name and "threads=2" not in name)

    def __contains__(self, name):
        return name in self.times

    def median(self, name):
        return statistics.median(self.times[name])

    def best(self, name):
        return min(self.times[name])

    def counter(self, name, key):
        values = self.counters[name].get(key)
        return statistics.median(values) if values else None

    def median_of(self, key, wanted):
        values = [v for name, c in self.counters.items() if wanted(name) for v in c.get(key, [])]
        return statistics.median(values) if values else math.nan

    def ratio(self, theirs, ours):
        """(median, best): how many times as long they take; None if one was not measured."""
        if theirs not in self or ours not in self:
            return None
        return self.median(theirs) / self.median(ours), self.best(theirs) / self.best(ours)

    def of_peak(self, name, flops):
        """(median, best) share of the peak."""
        peak = self.counter(name, "peak") or self.peak
        return flops / self.median(name) / peak, flops / self.best(name) / peak


# ------------------------------------------------------------------------------------------------- shapes
def product_shape(name):
    match = re.match(r"product/(\w+)/in=(\d+)/out=(\d+)/B=(\d+)/(\w+)(@\w+)?$", name)
    return match and (match[1], int(match[2]), int(match[3]), int(match[4]), match[5], match[6] or "")


def product_flops(n_in, n_out, rows):
    return 2 * n_in * n_out * rows


def gru_flops(name, L=3):
    match = re.match(r"gru/(\w+)/D=(\d+)/B=(\d+)/", name)
    return 3 * int(match[3]) * int(match[2]) ** 2 * ((4 if match[1] == "cross" else 6) + 6 * L)


def peers(results, prefix):
    found = {name.rsplit("/", 1)[1] for name in results.times if name.startswith(prefix) and "@" not in name}
    return ["ours"] + sorted(found - {"ours"})


# -------------------------------------------------------------------------------------------------- lines
def geometric(values):
    return math.exp(statistics.fmean(math.log(v) for v in values))


def number(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


PEER_AT_ITS_BEST = 0.7  # of the peak, at least, by a peer's plain product: else its ratios say nothing of us

TEXT = "text/B=1/ours"


class Lines:
    """Targets and what was measured."""

    def __init__(self, results):
        self.r, self.rows = results, []
        self.products_of_peers = {}  # (median, best) shares of the peak, or None
        for who in ("PyTorch", "ONNX Runtime"):
            name = f"machine/{who}/product/in=429/out=429/B=1024"
            share = results.of_peak(name, product_flops(429, 429, 1024)) if name in results else None
            self.products_of_peers[who] = share

    def beside(self, who, what, target, ratio):
        """A ratio to a peer; marked where that was not at its best."""
        self.add(what, target, ratio)
        share = self.products_of_peers[who]
        if ratio is not None and share is not None and share[0] < PEER_AT_ITS_BEST:
            self.rows[-1] = (*self.rows[-1][:-1], f"**invalid**: {who}'s own product is under "
                             f"{100 * PEER_AT_ITS_BEST:.0f} % of the peak")

    def add(self, what, target, measured, least=True, text=number):
        """`measured`: (median, best), or None. Without a target the line is only told."""
        if target is None:
            if measured is not None:
                self.rows.append((what, "", text(measured[0]), text(measured[1]), ""))
            return
        if measured is None:
            self.rows.append((what, ("≥ " if least else "≤ ") + text(target), "not measured", "", ""))
            return
        median, best = measured
        met = median >= target if least else median <= target
        self.rows.append((what, ("≥ " if least else "≤ ") + text(target), text(median), text(best),
                          "yes" if met else "**no**"))

    def products(self, what, target, kinds, widths, batches, isa="", base=None):
        shares = []
        for kind in kinds:
            for D in widths:
                for B in batches:
                    name = f"product/{kind}/in={D}/out={3 * D}/B={B}/ours{isa}"
                    if name in self.r:
                        shares.append(self.r.of_peak(name, product_flops(D, 3 * D, B)))
        if not shares:
            return self.add(what, target, None)
        both = tuple(geometric(s[i] for s in shares) for i in (0, 1))
        if base:
            both = tuple(value / base for value in both)
            self.add(what, target, both)
        else:
            self.add(what, target, both, text=lambda v: f"{100 * v:.0f} %")
        return both[0]

    def all(self):
        r = self.r
        for D, target in ((64, 1.9), (128, 1.7), (256, 1.5), (512, 1.5)):
            self.add(f"GRU cross, tanh, forward + backward, D={D}, B=1024: × oneDNN", target,
                     r.ratio(f"gru/tanh/D={D}/B=1024/oneDNN", f"gru/tanh/D={D}/B=1024/ours"))
        slowest = None
        for D in (64, 128, 256, 512):
            for B in (1, 16, 256, 4096):
                ratio = r.ratio(f"gru/tanh/D={D}/B={B}/oneDNN", f"gru/tanh/D={D}/B={B}/ours")
                if ratio and (slowest is None or ratio < slowest[0]):
                    slowest = ratio, f"D={D}, B={B}"
        self.add("the least at B = 1, 16, 256, 4096" + (f" ({slowest[1]})" if slowest else ""), 1,
                 slowest and slowest[0])
        rates = []
        for D in (64, 128, 256, 512):
            names = [f"gru/{candidate}/D={D}/B=1024/ours" for candidate in ("cross", "tanh")]
            if all(name in r for name in names):
                rates.append(tuple(gru_flops(names[0]) / gru_flops(names[1]) * t(names[1]) / t(names[0])
                                   for t in (r.median, r.best)))
        self.add("FLOP/s of the candidate cross over tanh, the least, B=1024", 0.9, min(rates, default=None))

        even, odd, large = (64, 128, 256, 512), (429,), (64, 256, 1024, 4096)
        wide = self.products("products, forward and dX, B ≥ 64: of the peak", 0.93, ("forward", "dx"), even, large)
        self.products("products, dW, B ≥ 64", 0.88, ("dw",), even, large)
        self.products("products, forward and dX, B = 16", 0.85, ("forward", "dx"), even, (16,))
        self.products("products of odd sizes (429 × 1287), forward and dX, B ≥ 64", 0.88, ("forward", "dx"), odd, large)
        self.products("products of odd sizes, dW, B ≥ 64", 0.88, ("dw",), odd, large)

        for shape, target in (("D=429/table=10000/tanh/B=1024", 1.9), ("D=429/table=1000000/tanh/B=1024", 2.2),
                              ("D=60/table=10000/tanh/B=1024", 2.9), ("D=60/table=10000/tanh/B=256", 4.5)):
            other = shape.replace("tanh", "cross")
            for name, wanted, of in ((shape, target, "nn.GRUCell"), (other, None, "nn.Linear")):
                step = f"step/{name}/threads=1/"
                self.beside("PyTorch", f"training step, {name}: × PyTorch ({of})", wanted,
                            r.ratio(step + "PyTorch", step + "ours"))
                self.beside("PyTorch", f"training step, {name}: × PyTorch, tuned by hand (x0 W^T once)", wanted,
                            r.ratio(step + "PyTorch-tuned", step + "ours"))
                self.beside("PyTorch", f"training step, {name}: × PyTorch, that compiled", wanted,
                            r.ratio(step + "PyTorch-compiled", step + "ours"))
        for who, share in self.products_of_peers.items():
            self.add(f"{who}'s own product [1024, 429] x [429, 429]: of the peak", PEER_AT_ITS_BEST, share,
                     text=lambda v: f"{100 * v:.0f} %")
        for D, target in ((429, 1.3), (60, 2.5)):
            for kind in ("dcn_v2", "mmoe", "ple"):
                step = f"step/D={D}/table=10000/{kind}/B=1024/threads=1/"
                for writing, of in (("PyTorch", "its modules"), ("PyTorch-tuned", "tuned by hand"),
                                    ("PyTorch-compiled", "that compiled")):
                    self.beside("PyTorch", f"training step, D={D}, {kind}: × PyTorch ({of})", target,
                                r.ratio(step + writing, step + "ours"))
        for candidate in ("tanh", "cross"):
            name = f"step/D=429/table=10000/{candidate}/B=1024/threads="
            self.add(f"training step, D=429, {candidate}: two threads × one", 1.85, r.ratio(name + "1/ours", name + "2/ours"))

        read = r.counter("machine/read/8MiB", "B/s")
        for D, target in ((429, 5.5), (60, 20)):
            for candidate in ("tanh", "cross"):
                name = f"score/D={D}/table=10000/{candidate}/B=1/"
                for who, scorer, of, wanted in (("PyTorch", "PyTorch", "frozen TorchScript", target),
                                                ("PyTorch", "PyTorch-compiled", "torch.compile", 1),
                                                ("ONNX Runtime", "ONNX Runtime", "ONNX Runtime", 1)):
                    self.beside(who, f"scoring one row, D={D}, {candidate}: × {of}", wanted,
                                r.ratio(name + scorer, name + "ours"))
                if D == 429 and read and name + "PyTorch" in r:
                    least = 4 * D * D * ((3 if candidate == "tanh" else 2) + 3 * 3) / read  # W once, U in three layers
                    self.add("the most that the measured bandwidth of L3 allows, were all weights read from it", None,
                             (r.median(name + "PyTorch") / least, r.best(name + "PyTorch") / least))
                tail, machine = (r.counter(name + "ours", k) for k in ("p99/median", "arithmetic p99/median"))
                self.add("its p99 / median over that of plain arithmetic", 1.2,
                         (tail / machine,) * 2 if tail and machine else None, least=False)
        x0 = r.counter(TEXT, "us to x0")
        self.add("one row from the text of its cells to x0, µs", 4, (x0,) * 2 if x0 else None, least=False)
        if any("@avx2" in name for name in r.times):
            self.products("AVX2 only: share of its peak over the share of the AVX-512 peak", 0.9, ("forward", "dx"),
                          even, (64, 256, 1024), "@avx2", wide)
        for name in [name for name in r.times if re.match("gru/.*@sse2", name)]:
            self.add(f"SSE2 only, {name.split('/ours')[0]}: verified, GFLOP/s", None,
                     tuple(gru_flops(name) / t(name) / 1e9 for t in (r.median, r.best)))
        for table, target in ((10000, 150), (1000000, 350)):
            for candidate in ("tanh", "cross"):
                peak = r.counter(f"step/D=429/table={table}/{candidate}/B=1024/threads=1/ours", "peak_MB")
                self.add(f"training, D=429, {candidate}, largest table of {table:,} rows: peak memory, MB", target,
                         (peak,) * 2 if peak else None, least=False, text=lambda v: f"{v:.0f}")
        first = r.counter("first_epoch/threads=1/ours", "first/later")
        self.add("first epoch from CSV over a later one", 1.3, (first,) * 2 if first else None, least=False)
        return self.rows


# ------------------------------------------------------------------------------------------------- tables
def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def side_by_side(results, prefix, label, value, best_of=max):
    """A row for every shape, a column for every peer."""
    who = peers(results, prefix)
    names = list(dict.fromkeys(name.rsplit("/", 1)[0] for name in results.times
                               if name.startswith(prefix) and "@" not in name))
    names.sort(key=lambda text: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)])
    rows = []
    for name in names:
        cells = [value(f"{name}/{peer}") if f"{name}/{peer}" in results else None for peer in who]
        best = best_of((cell for cell in cells if cell is not None), default=None)
        rows.append([name[len(prefix):]] + [("–" if cell is None else f"**{number(cell)}**" if cell == best else number(cell))
                                            for cell in cells])
    return table([label] + who, rows)


def from_text(results):
    """What each part adds to the time of one row."""
    begin, rows = 0, []
    whole = results.counter(TEXT, "us to probabilities")
    for stage, part in (("columns", "columns found and checked"), ("ids", "words looked up, numbers read, buckets"),
                        ("x0", "rows of the tables gathered into x0"), ("probabilities", "network, check of its result")):
        end = results.counter(TEXT, f"us to {stage}")
        rows.append((part, number(end - begin), number(end), f"{100 * (end - begin) / whole:.0f} %"))
        begin = end
    return table(["part", "µs", "µs so far", "share"], rows)


def lost(results):
    """Where a peer is faster by 3 % or more."""
    rows = []
    for name in results.times:
        base, who = name.rsplit("/", 1)
        if who == "ours" or "@" in name or f"{base}/ours" not in results:
            continue
        median, best = results.ratio(name, f"{base}/ours")
        if median < 0.97:
            rows.append((median, base, who, best))
    rows.sort()
    groups = collections.Counter((re.match(r"[^/]+(/(forward|dx|dw|exp|tanh|sigmoid))?", base)[0], who) for _, base, who, _ in rows)
    return rows, groups


def roofline(results, path):
    """Products on log-log axes: flops per byte that must move, against GFLOP/s."""
    width, height, left, bottom, right, top = 760, 480, 62, 52, 150, 24
    peak = results.peak / 1e9
    levels = []
    for size, label in (("256MiB", "memory"), ("8MiB", "L3"), ("256KiB", "L2")):
        rate = results.counter(f"machine/read/{size}", "B/s")
        if rate:
            levels.append((label, rate / 1e9))
    x_min, x_max, y_min, y_max = 0.1, 1000, peak / 100, peak * 1.6

    def at(x, y):
        span_x, span_y = math.log(x_max / x_min), math.log(y_max / y_min)
        return (left + (width - left - right) * math.log(min(max(x, x_min), x_max) / x_min) / span_x,
                height - bottom - (height - bottom - top) * math.log(min(max(y, y_min), y_max) / y_min) / span_y)

    def line(a, b, style):
        (x1, y1), (x2, y2) = at(*a), at(*b)
        return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="white"/>']
    for decade in range(-1, 4):
        x, _ = at(10.0**decade, y_min)
        out.append(line((10.0**decade, y_min), (10.0**decade, y_max), 'stroke="#ddd"'))
        out.append(f'<text x="{x:.1f}" y="{height - bottom + 16}" text-anchor="middle">{10.0**decade:g}</text>')
    for y in [v for e in range(-1, 5) for v in (10.0**e, 2 * 10.0**e, 5 * 10.0**e) if y_min <= v <= y_max]:
        _, place = at(x_min, y)
        out.append(line((x_min, y), (x_max, y), 'stroke="#eee"'))
        out.append(f'<text x="{left - 6}" y="{place + 4:.1f}" text-anchor="end">{y:g}</text>')
    out.append(line((x_min, peak), (x_max, peak), 'stroke="#333" stroke-width="1.5"'))
    out.append(f'<text x="{width - right + 4}" y="{at(x_max, peak)[1] + 4:.1f}">multiply-add {peak:.0f}</text>')
    for step, (label, rate) in enumerate(levels):  # each label lower than the one before, right of its line
        start = max(x_min, y_min / rate)
        out.append(line((start, start * rate), (peak / rate, peak), 'stroke="#333" stroke-dasharray="5 3"'))
        x, y = at(peak / rate / 2**(step + 1), peak / 2**(step + 1))
        out.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}">{label} {rate:.0f} GB/s</text>')
    colours = {"forward": "#1565c0", "dx": "#2e7d32", "dw": "#c62828"}
    for name in results.times:
        shape = product_shape(name)
        if not shape or shape[4] not in ("ours", "oneDNN") or shape[5]:
            continue
        kind, n_in, n_out, rows, who, _ = shape
        flops = product_flops(n_in, n_out, rows)
        x, y = at(flops / (4.0 * (rows * n_in + rows * n_out + n_in * n_out)), flops / results.median(name) / 1e9)
        fill = colours[kind] if who == "ours" else "none"
        out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="{fill}" fill-opacity="0.75" stroke="{colours[kind]}">'
                   f"<title>{name}</title></circle>")
    for i, (text, colour) in enumerate([("forward", "#1565c0"), ("dX", "#2e7d32"), ("dW", "#c62828")]):
        out.append(f'<circle cx="{width - right + 14}" cy="{height - bottom - 80 + 18 * i}" r="4" fill="{colour}"/>'
                   f'<text x="{width - right + 24}" y="{height - bottom - 76 + 18 * i}">{text}</text>')
    out.append(f'<text x="{width - right + 8}" y="{height - bottom - 20}">full: ours</text>'
               f'<text x="{width - right + 8}" y="{height - bottom - 4}">hollow: oneDNN</text>')
    out.append(f'<text x="{(left + width - right) / 2}" y="{height - 14}" text-anchor="middle">flops per byte that has to move</text>'
               f'<text transform="translate(16 {height / 2}) rotate(-90)" text-anchor="middle">GFLOP/s, one core</text></svg>')
    with open(path, "w") as file:
        file.write("\n".join(out) + "\n")


def machine():
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo") as file:
        for text in file:
            if text.startswith("model name"):
                model = text.split(":", 1)[1].strip()
                break
    system = "?"
    if os.path.exists("/etc/os-release"):
        with open("/etc/os-release") as file:
            system = dict(line.rstrip().split("=", 1) for line in file if "=" in line).get("PRETTY_NAME", "?").strip('"')
    return {"processor": model, "cores": os.cpu_count(), "system": f"{system}, Linux {platform.release()}"}


def markdown(results, lines, facts):
    isa = results.context.get("isa", "?")
    out = ["## Machine", "", table(["", ""], list(facts.items())), ""]
    if results.context.get("best isa") != "avx512":
        out += [f"**No AVX-512 here: all shares are of the {isa} peak measured on this machine, and the targets, which were "
                "set for AVX-512, are shown for comparison.**", ""]
    if results.errors:
        out += ["## Not timed", "", table(["benchmark", "why"], sorted(results.errors.items())), ""]
    out += ["## Targets", "", table(["what", "target", "median", "best", "met"], lines), ""]
    out += ["## Where others are faster", ""]
    rows, groups = lost(results)
    if rows:
        out += [table(["what", "who", "shapes"], [(what, who, count) for (what, who), count in sorted(groups.items())]), "",
                "The worst ten, their time over ours:", "",
                table(["what", "who", "median", "best"], [(base, who, number(m), number(b)) for m, base, who, b in rows[:10]]), ""]
    else:
        out += ["Nowhere, by 3 % or more.", ""]

    def share(name):
        shape = product_shape(name)
        return 100 * results.of_peak(name, product_flops(*shape[1:4]))[0]

    for kind, title in (("forward", "y = x Wᵀ"), ("dx", "dX = dY W"), ("dw", "dW = dYᵀ X")):
        out += [f"## Products: {title}, % of the peak", "", side_by_side(results, f"product/{kind}/", "shape", share), ""]
    for candidate in ("tanh", "cross"):
        out += [f"## GRU cross layers, {candidate}, GFLOP/s", "",
                side_by_side(results, f"gru/{candidate}/", "shape", lambda n: gru_flops(n) / results.median(n) / 1e9), ""]
    rows_per_second = lambda n: results.counter(n, "rows/s") / 1e3
    for prefix, title in (("step/", "Training step"), ("score/", "Scoring")):
        out += [f"## {title}, thousand rows/s", "", side_by_side(results, prefix, "model", rows_per_second), ""]
    if TEXT in results:
        columns, D = (results.counter(TEXT, key) for key in ("columns", "D"))
        out += [f"## One row from the text of its cells, {columns:.0f} columns, D={D:.0f}", "", from_text(results), ""]
    out += ["## Functions, million values/s", "",
            side_by_side(results, "elementwise/", "function", lambda n: results.counter(n, "rows/s") / 1e6), ""]
    out += ["## Functions, worst error in units in the last place, |x| < 8", "",
            side_by_side(results, "elementwise/", "function", lambda n: results.counter(n, "worst_ulp"), best_of=min), ""]
    rest = [n for n in results.times if re.match(r"machine/|adam|gather|scatter|csv", n) and results.counter(n, "B/s")]
    out += ["## Memory, GB/s", "", table(["what", "GB/s"], [(n.replace("/ours", ""), number(results.counter(n, "B/s") / 1e9)) for n in rest]), ""]
    return "\n".join(out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("raw")
    parser.add_argument("--out", required=True)
    parser.add_argument("--clock", choices=("real", "cpu"), default="real")
    parser.add_argument("--into")
    options = parser.parse_args()
    results = Results(options.raw, options.clock)
    facts = machine()
    keys = ("isa", "compiler", "flags", "commit") + tuple(sorted(k for k in results.context if k.startswith("peer ")))
    facts.update({key: results.context.get(key, "?").strip() for key in keys})
    facts["multiply-add peak, one core"] = f"{results.peak / 1e9:.1f} GFLOP/s"
    load = os.path.join(options.raw, "load")
    if os.path.exists(load):
        with open(load) as file:
            facts["load when it began"] = file.read().split()[0]
    facts["time that was ours"] = f"{100 * statistics.fmean(results.shares):.1f} % (below 99 % the machine was not quiet)"
    facts["clock"] = {"real": "wall", "cpu": "processor time"}[options.clock]
    lines = Lines(results).all()
    text = markdown(results, lines, facts)

    os.makedirs(options.out, exist_ok=True)
    picture = os.path.join(options.out, "roofline.svg")
    roofline(results, picture)
    with open(os.path.join(options.out, "report.md"), "w") as file:
        file.write(f"# Benchmark report\n\n{text}\n![Roofline](roofline.svg)\n")
    with open(os.path.join(options.out, "report.json"), "w") as file:
        json.dump({"facts": facts,
                   "targets": [dict(zip(("what", "target", "median", "best", "met"), row)) for row in lines],
                   "errors": results.errors,
                   "benchmarks": {name: {"median_s": results.median(name), "best_s": results.best(name),
                                         "repetitions": len(times),
                                         **{k: statistics.median(v) for k, v in results.counters[name].items()}}
                                  for name, times in sorted(results.times.items())}}, file, indent=1)
    if options.into:
        with open(options.into) as file:
            page = file.read()
        head, rest = page.split(BEGIN, 1)
        with open(options.into, "w") as file:
            file.write(head + BEGIN + "\n" + re.sub("^## ", "### ", text, flags=re.M) + END + rest.split(END, 1)[1])
        shutil.copy(picture, os.path.join(os.path.dirname(options.into), "img", "roofline.svg"))
    print(table(["what", "target", "median", "best", "met"], lines))


if __name__ == "__main__":
    main()

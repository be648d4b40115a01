"""`dcrnn trace --row N --html OUT`: a page that follows one row, and what its lines make of a nudge; run by node, or in
Chromium, where there is one."""

import html
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import unittest

from harness import CommandLineTest, read_tensors, run
from test_report import CHROMIUM, Page

CASES = pathlib.Path(__file__).parent.parent / "golden"
NODE = shutil.which("node")
DRIVER = pathlib.Path(__file__).with_name("drive_stepper.js")
# What the lines are not those of (docs/stepper.md, Limits).
NOT_RUN = {"extreme", "extreme_independent", "everything", "every_ingredient", "members_pcgrad", "pcgrad_unlabelled",
           "silu", "silu_kinds"}
# Every kind once; all cases with DCRNN_CAMPAIGN=1.
EVERY_KIND = ["ait_forest", "calibrator", "dcn", "dcn_v2_rank", "gated_dcn", "mixed", "positive_weight", "rates_project", "soft",
              "textbook", "uncertainty", "wide"]
CAMPAIGN = os.environ.get("DCRNN_CAMPAIGN")
MIB = 1 << 20


class Stepper(CommandLineTest):
    def page(self, model, data, row=1):
        out = self.dir / "page.html"
        self.succeed("trace", model, "--data", data, "--row", row, "--html", out)
        return out

    def drive(self, page, nudges=()):
        done = subprocess.run([NODE, DRIVER, page], input=json.dumps(nudges), capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def nudge_model(self, model, nudge):
        """A copy with another number in it."""
        data = bytearray(model.read_bytes())
        (size,) = struct.unpack_from("<Q", data)
        begin, _ = json.loads(data[8:8 + size])[nudge["tensor"]]["data_offsets"]
        at = 8 + size + begin + 4 * nudge["at"]
        struct.pack_into("<f", data, at, struct.unpack_from("<f", data, at)[0] + nudge["by"])
        (self.dir / "nudged").write_bytes(data)
        return self.dir / "nudged"

    def probabilities(self, model, rows):
        (self.dir / "one.csv").write_text(rows)
        self.succeed("predict", model, "--data", self.dir / "one.csv", "--out", self.dir / "p.csv")
        return [float(p) for p in (self.dir / "p.csv").read_text().splitlines()[1].split(",")]

    def assert_close(self, got, want):
        self.assertEqual(len(got), len(want))
        for one, other in zip(got, want):
            self.assertAlmostEqual(one, other, delta=1e-6)

    def test_stands_by_itself(self):
        text = self.page(CASES / "chain/model.safetensors", CASES / "chain/rows.csv").read_text()
        page = Page(text)
        self.assertEqual(page.loads, ["data:,"])
        self.assertNotRegex(text, r"url\(|@import|\bfetch\(|XMLHttpRequest|\bimport\(")
        self.assertLess(len(text), MIB)

    def test_of_wide_rows_and_large_tables(self):
        """As wide as 29 fields of KuaiRand, x0 of 156 columns, and tables of 50,000 rows."""
        dims = [16, 16, *[4] * 23, 8, 8, 8, 8]
        fields = [{"name": f"f{i}", "type": "category", "encoding": "id", "size": 50000 if dim > 4 else 40, "dim": dim}
                  for i, dim in enumerate(dims)]
        config = {"fields": fields, "tasks": [{"name": "a"}, {"name": "b", "after": "a"}], "train": {"epochs": 1}}
        (self.dir / "wide.json").write_text(json.dumps(config))
        rows = [",".join([f["name"] for f in fields] + ["a", "b"])]
        rows += [",".join([str((7 * r + i) % 40) for i in range(len(dims))] + [str(r % 2), "0"]) for r in range(4)]
        (self.dir / "wide.csv").write_text("\n".join(rows) + "\n")
        self.succeed("train", self.dir / "wide.json", "--train", self.dir / "wide.csv", "--out", self.dir / "m", "--quiet")
        self.assertLess(self.page(self.dir / "m", self.dir / "wide.csv").stat().st_size, 3 * MIB)

    def test_bad_input(self):
        model, data = self.dir / "m", self.dir / "rows.csv"
        shutil.copy(CASES / "chain/model.safetensors", model)
        shutil.copy(CASES / "chain/rows.csv", data)

        def refused(code, pattern, *more):
            self.check_error(run("trace", model, "--data", data, *more), code, pattern)
        refused(2, "row 41: .*rows.csv has 40 rows", "--row", 41, "--html", self.dir / "x.html")
        refused(2, "--row: found \"0\"", "--row", 0, "--html", self.dir / "x.html")
        refused(2, "--row: wants --html", "--row", 1)
        refused(2, "--row: wants --html", "--row", 1, "--out", self.dir / "x")
        refused(2, "--html: wants --row", "--html", self.dir / "x.html")
        refused(2, "found both", "--row", 1, "--html", self.dir / "x.html", "--out", self.dir / "x")
        refused(2, "--out is required")
        refused(2, "the page to write is the file to read", "--row", 1, "--html", data)
        refused(2, "the page to write is the file to read", "--row", 1, "--html", model)
        refused(5, "cannot write", "--row", 1, "--html", self.dir / "no" / "x.html")
        self.assertFalse((self.dir / "x.html").exists())

    @unittest.skipUnless(NODE, "SKIPPED: no node: the lines of the page are not run outside of a browser")
    def test_lines_make_the_engines_numbers(self):
        names = {path.parent.name for path in CASES.glob("*/model.safetensors")} - NOT_RUN
        self.assertGreater(len(names), 50)
        for case in (CASES / name for name in sorted(names if CAMPAIGN else EVERY_KIND)):
            with self.subTest(case.name):
                got = self.drive(self.page(case / "model.safetensors", case / "rows.csv"))
                self.assertEqual(got["disagreements"], [])
                self.assertLess(got["gradient"], 1e-9)

    @unittest.skipUnless(NODE, "SKIPPED: no node: the lines of the page are not run outside of a browser")
    def test_without_labels_forward_only(self):
        lines = (CASES / "chain/rows.csv").read_text().splitlines()
        (self.dir / "bare.csv").write_text("\n".join(line.rsplit(",", 2)[0] for line in lines) + "\n")
        got = self.drive(self.page(CASES / "chain/model.safetensors", self.dir / "bare.csv"))
        self.assertEqual(got["disagreements"], [])
        self.assertGreater(got["steps"][0], 0)
        self.assertEqual(got["steps"][1], 0)

    @unittest.skipUnless(NODE, "SKIPPED: no node: the lines of the page are not run outside of a browser")
    def test_nudges_are_the_engines(self):
        for name in ("tiny", "chain", "mixed", "wide"):
            case = CASES / name
            metadata, tensors = read_tensors(case / "model.safetensors")
            lines = (case / "rows.csv").read_text().splitlines()
            row = "\n".join([lines[0], lines[2]]) + "\n"
            dense = [tensor for tensor, (_, _, values) in tensors.items()
                     if not re.match("embedding|wide|encoder", tensor) and len(values) > 0]
            nudges = [{"tensor": tensor, "at": len(tensors[tensor][2]) // 2, "by": 0.125} for tensor in dense[::6]]
            got = self.drive(self.page(case / "model.safetensors", case / "rows.csv", 2), nudges)
            self.assertEqual(len(got["nudged"]), len(nudges))
            for nudge, after in zip(nudges, got["nudged"]):
                with self.subTest(f"{name} {nudge}"):
                    model = self.nudge_model(case / "model.safetensors", nudge)
                    self.assert_close(after["probability"], self.probabilities(model, row))
                    self.assertAlmostEqual(after["gradient"], after["difference"],
                                           delta=1e-6 * max(1, abs(after["gradient"])))

    @unittest.skipUnless(NODE, "SKIPPED: no node: the lines of the page are not run outside of a browser")
    def test_a_nudged_input_is_the_engines(self):
        case = CASES / "chain"
        lines = (case / "rows.csv").read_text().splitlines()
        names, cells = lines[0].split(","), lines[3].split(",")
        page = self.page(case / "model.safetensors", case / "rows.csv", 3)
        (after,) = self.drive(page, [{"value": "x0", "at": 13, "by": 0.25}])["nudged"]  # behind 13 columns of tables
        cells[names.index("x0")] = str(float(cells[names.index("x0")]) + 0.25)
        self.assert_close(after["probability"], self.probabilities(case / "model.safetensors",
                                                                   f"{lines[0]}\n{','.join(cells)}\n"))

    @unittest.skipUnless(CHROMIUM, "SKIPPED: no Chromium: the page is not tried in a browser")
    def test_in_a_browser(self):
        page = self.page(CASES / "chain/model.safetensors", CASES / "chain/rows.csv", 2)
        _, tensors = read_tensors(CASES / "chain/model.safetensors")
        nudge = {"tensor": "head.t0.weight", "at": len(tensors["head.t0.weight"][2]) - 1, "by": 0.5}
        with tempfile.TemporaryDirectory() as profile:
            done = subprocess.run([CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
                                   "--virtual-time-budget=5000", f"--user-data-dir={profile}", "--window-size=400,800",
                                   "--dump-dom", f"{page.as_uri()}#{nudge['tensor']}/{nudge['at']}/{nudge['by']}"],
                                  capture_output=True, timeout=120, check=False)
        self.assertNotRegex(done.stderr.decode(errors="replace"), r"CONSOLE|Failed to load|Refused to")
        after = json.loads(html.unescape(re.search(r'data-after="([^"]*)"', done.stdout.decode()).group(1)))
        lines = (CASES / "chain/rows.csv").read_text().splitlines()
        model = self.nudge_model(CASES / "chain/model.safetensors", nudge)
        self.assert_close(after["probability"], self.probabilities(model, f"{lines[0]}\n{lines[2]}\n"))


if __name__ == "__main__":
    unittest.main()

"""--report: one page that stands by itself, of train, eval and compare; in a browser, where there is one."""

import html.parser
import json
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import SMALL_CONFIG, CommandLineTest, run, small_csv, small_rows

LARGEST = 2 << 20
VOID = {"meta", "link", "br", "img", "hr"}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Page(html.parser.HTMLParser):
    """Every element is closed; what it would load, and what it says."""

    def __init__(self, text):
        super().__init__()
        self.open, self.loads, self.headings, self.charts, self.scripts = [], [], [], 0, 0
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.loads += [value for name, value in attributes if name in ("src", "href", "xlink:href")]
        self.charts += tag == "svg"
        self.scripts += tag == "script"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


class Report(CommandLineTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for seed, name in enumerate(["train", "valid", "test"], 1):
            (cls.dir / f"{name}.csv").write_text(small_csv(small_rows(200, seed)))
        config = {**SMALL_CONFIG, "train": {"epochs": 3, "batch": 16, "interference": 2}}
        (cls.dir / "config.json").write_text(json.dumps(config))

    def check_page(self, path, headings, charts):
        text = path.read_text()
        self.assertLess(len(text), LARGEST)
        page = Page(text)
        self.assertEqual(page.headings, headings)
        self.assertEqual(page.charts, charts)
        self.assertEqual((page.loads, page.scripts), (["data:,"], 0))
        self.assertNotRegex(text, r"url\(|@import|https?:")
        self.assertNotRegex(re.sub("<title>.*?</title>", "", text), r"\b(nan|inf)\b")
        return text

    def train(self, *more):
        return run("train", self.dir / "config.json", "--train", self.dir / "train.csv", "--valid",
                   self.dir / "valid.csv", "--restart", "--out", self.dir / "model", *more)

    def test_of_a_model(self):
        done = self.train("--report", self.dir / "train.html")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        headings = ["Quality", "Learning curves", "Calibration", "Importance of model", "Gates of model",
                    "Interference over time"]
        self.check_page(self.dir / "train.html", headings, 2 + 2 + 2 + 3 + 1)
        told = json.loads(self.succeed("eval", self.dir / "model", "--data", self.dir / "test.csv", "--json",
                                       "--report", self.dir / "eval.html").stdout)
        text = self.check_page(self.dir / "eval.html", headings, 10)
        self.assertIn(f"<td>{told['tasks']['click']['auc']:.5f}</td>", text)
        (self.dir / "model.jsonl").rename(self.dir / "elsewhere.jsonl")
        self.succeed("eval", self.dir / "model", "--data", self.dir / "test.csv", "--report", self.dir / "eval.html")
        self.check_page(self.dir / "eval.html", [headings[0], *headings[2:5]], 7)

    def test_of_a_comparison(self):
        self.succeed("compare", self.dir / "config.json", "--train", self.dir / "train.csv", "--valid",
                     self.dir / "valid.csv", "--test", self.dir / "test.csv", "--models", "independent,hard,linear",
                     "--seeds", "2", "--out", self.dir / "compare", "--report", self.dir / "compare.html")
        self.check_page(self.dir / "compare.html",
                        ["Figures", "AUC", "Cost against quality", "Learning curves", "Calibration",
                         "Importance of independent", "Interference over time"], 2 + 2 + 2 + 2 + 2 + 2)

    def test_of_members(self):
        self.assertEqual(self.train("--set", "members=2", "--report", self.dir / "members.html").returncode, 0)
        text = (self.dir / "members.html").read_text()
        curves = text.split("Learning curves</h2>")[1].split("<h2>")[0]
        self.assertIn("of each member by itself", curves)
        for member in ["member 0", "member 1"]:
            self.assertEqual(curves.count(f"<title>{member}: "), 2 * 3)  # tasks, epochs
        # Both gates of the cross layers and the sharing of each.
        self.assertEqual(text.split("Gates of model</h2>")[1].split("<h2>")[0].count("<svg"), 2 * 3)
        self.assertIn("in the first member", text)

    def test_importance_finds_what_matters(self):
        rows = small_rows(600, 5)
        for row in rows:
            row[6] = row[7] = str(int(float(row[4]) > 0.5))  # price alone decides
        (self.dir / "priced.csv").write_text(small_csv(rows))
        done = run("train", self.dir / "config.json", "--train", self.dir / "priced.csv", "--valid",
                   self.dir / "priced.csv", "--set", "train.epochs=20", "--out", self.dir / "priced", "--report",
                   self.dir / "priced.html")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        text = (self.dir / "priced.html").read_text()
        lost = dict(re.findall(r'class="filled"><title>(\w+): (-?[\d.]+)</title>', text.split("Importance of")[1]
                               .split("</svg>")[0]))
        self.assertEqual(set(lost), {"user", "kind", "tags", "age", "price"})
        self.assertGreater(float(lost.pop("price")), 0.3)
        self.assertLess(max(map(float, lost.values())), 0.1)

    def test_refuses_what_it_would_write_over(self):
        self.assertEqual(self.train().returncode, 0)
        data = ["--data", self.dir / "test.csv"]
        self.check_error(run("eval", self.dir / "model", *data, "--report", self.dir / "test.csv"), 2, "the report")
        self.check_error(run("eval", self.dir / "model", *data, "--report", self.dir / "no" / "x.html"), 5, "x.html")
        self.check_error(run("eval", self.dir / "model", "--data", "-", "--report", "x.html"), 2, "standard input")
        self.check_error(self.train("--report", self.dir / "train.csv"), 2, "the report")
        self.check_error(run("train", self.dir / "config.json", "--train", self.dir / "train.csv", "--out",
                             self.dir / "m", "--report", self.dir / "x.html"), 2, "--report: needs --valid")

    @unittest.skipUnless(CHROMIUM, "no Chromium: the page is not tried in a browser")
    def test_in_a_browser(self):
        self.assertEqual(self.train("--report", self.dir / "page.html").returncode, 0)
        with tempfile.TemporaryDirectory() as profile:
            done = subprocess.run([CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=1",
                                   f"--user-data-dir={profile}", "--enable-logging=stderr", "--window-size=400,800",
                                   "--dump-dom", (self.dir / "page.html").as_uri()],
                                  capture_output=True, timeout=120, check=False)
        self.assertIn(b"<svg", done.stdout)
        self.assertNotRegex(done.stderr.decode(errors="replace"), r"CONSOLE|Failed to load|Refused to")


if __name__ == "__main__":
    unittest.main()

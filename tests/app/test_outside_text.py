"""Text from outside in messages: one line of UTF-8, bounded, nothing in it that acts on a terminal."""

import json
import re
import shutil
import struct
import unittest

from harness import SMALL_HEADER, CommandLineTest, run, small_csv, small_rows

# Control characters of one and of two bytes, line separators, what turns the direction of text.
EVIL = "a\x1b[31mb\x07c\x7fd\u009be\u2028f\u202eg\u2066h"
HUGE = "x" * 5_000_000
ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class OutsideText(CommandLineTest):
    def setUp(self):
        self.model = self.dir / "m"
        self.train_small(self.model)
        self.config = self.dir / "config.json"

    def check(self, done, code):
        self.assertEqual(done.returncode, code, done.stderr[:2000])
        text = done.stderr.decode("utf-8")  # strict
        self.assertLess(len(done.stderr), 6000)
        self.assertIsNone(ACTING.search(text), ascii(text))
        lines = text.splitlines()
        self.assertEqual(len(lines), 2, ascii(text))
        self.assertTrue(lines[0].startswith("error: ") and lines[1].startswith("help: "), ascii(text))

    def train_with(self, change):
        path = self.write_config("bad.json", change)
        data = self.write("t.csv", small_csv(small_rows()))
        return run("train", path, "--quiet", "--train", data, "--out", self.dir / "n")

    def test_cells_and_columns(self):
        for text in (EVIL, HUGE, EVIL * 100_000):
            for column in ("user", "age", "price", "w", "click"):
                rows = small_rows()
                rows[1][SMALL_HEADER.split(",").index(column)] = '"' + text + '"'
                self.check(run("eval", self.model, "--data", self.write("d.csv", small_csv(rows))), 3)
            header = SMALL_HEADER.replace("age", '"' + text + '"')
            self.check(run("eval", self.model, "--data", self.write("d.csv", small_csv(small_rows(), header))), 3)
            twice = SMALL_HEADER + ',"' + text + '","' + text + '"'
            self.check(run("eval", self.model, "--data", self.write("d.csv", twice + "\n")), 3)

    def test_configs(self):
        for text in (EVIL, HUGE):
            self.check(self.train_with(lambda c: c.update({text: 1})), 2)
            self.check(self.train_with(lambda c: c["fields"][0].update({text: 1})), 2)
            self.check(self.train_with(lambda c: c["fields"][0].update({"type": text})), 2)
            # A long name is a name, but of no column.
            self.check(self.train_with(lambda c: c["fields"][0].update({"name": text})), 3 if text == HUGE else 2)
            self.check(self.train_with(lambda c: c["fields"][0].update({"column": text})), 3)
            self.check(self.train_with(lambda c: c["tasks"][1].update({"after": text})), 2)
            self.check(self.train_with(lambda c: c["train"].update({"batch": text})), 2)
            self.check(self.train_with(lambda c: c.update({"tower": [text]})), 2)
            twice = json.dumps(text, ensure_ascii=False) + ":1,"
            self.check(run("train", self.write("bad.json", "{" + twice + twice + '"a":1}'), "--train", "t.csv", "--out",
                           self.dir / "n"), 2)
        self.check(run("train", self.write("bad.json", b'{"a": 1}\0 {}'), "--train", "t.csv", "--out",
                       self.dir / "n"), 2)
        self.check(run("train", self.write("bad.json", b'{"a\xff": 1}'), "--train", "t.csv", "--out",
                       self.dir / "n"), 2)

    def test_models(self):
        model = self.model.read_bytes()
        length = struct.unpack("<Q", model[:8])[0]
        header, data = model[8 : 8 + length], model[8 + length :]

        def with_header(changed):
            return self.write("bad", struct.pack("<Q", len(changed)) + changed + data)

        for text in (EVIL, HUGE):
            quoted = json.dumps(text, ensure_ascii=False).encode()
            for old in (b'"head.click.bias"', b'"dtype"', b'"F32"', b'"dcrnn"', b'"__metadata__"'):
                self.assertIn(old, header)
                self.check(run("inspect", with_header(header.replace(old, quoted, 1))), 4)
        self.check(run("inspect", with_header(header.rstrip() + b"\0" * 8)), 4)
        nul = header.replace(b'\\"checksum\\"', b'\\u0000 \\"checksum\\"')
        self.assertNotEqual(nul, header)
        self.check(run("inspect", with_header(nul)), 4)

    def test_names_of_files_and_arguments(self):
        name = EVIL.replace("/", "")
        shutil.copy(self.model, self.dir / name)
        (self.dir / name).write_bytes(b"no model")
        self.check(run("inspect", self.dir / name), 4)
        self.check(run("inspect", self.dir / (name + "2")), 5)
        self.check(run("eval", self.model, "--data", self.dir / "no\nsuch\x1bfile\udcff"), 5)
        long = "y" * 100_000
        self.check(run("inspect", long), 5)
        for arguments in ((EVIL,), (long,), ("--" + EVIL,), ("--" + long,), ("inspect", "--threads", EVIL, "m"),
                          ("inspect", "--threads", long, "m"), ("inspect", self.model, EVIL),
                          ("inspect", "--isa", EVIL, self.model), ("inspect", "--isa", long, self.model),
                          ("train", "c", "--train", "t", "--out", "o", "--set", EVIL),
                          ("train", self.config, "--train", "t", "--out", "o", "--set", EVIL + "=1"),
                          ("train", self.config, "--train", "t", "--out", "o", "--set", "train." + long + "=1")):
            done = run(*arguments)
            self.check(done, done.returncode if done.returncode in (2, 5) else 2)


if __name__ == "__main__":
    unittest.main()

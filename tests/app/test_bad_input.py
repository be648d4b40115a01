"""Bad input of every kind: the exit code, one line that names the place, one that helps, nothing left behind."""

import gzip
import json
import os
import signal
import stat
import struct
import subprocess
import time
import unittest

import harness
from harness import SMALL_HEADER, CommandLineTest, run, small_csv, small_rows

USAGE, DATA, MODEL, IO, MEMORY, DIVERGED = 2, 3, 4, 5, 6, 7


def with_cell(column, text, row=1):
    """Good rows, but the cell of `column` in data row `row` (line row + 2) is `text`."""
    rows = small_rows()
    rows[row][SMALL_HEADER.split(",").index(column)] = text
    return small_csv(rows)


def with_line(line, row=1):
    lines = small_csv(small_rows()).split("\n")
    lines[row + 1] = line
    return "\n".join(lines)


GOOD = small_csv(small_rows())
GZIP = gzip.compress(GOOD.encode(), mtime=0)

# name, bytes of the data file, pattern; all through `eval`, all data errors
BAD_DATA = [
    ("short row", with_line("1,x,a,20"), r"bad\.csv:3: found 4 cells, the header has 8"),
    ("long row", with_line("1,x,a,20,0,1,0,0,9"), r"bad\.csv:3: found 9 cells"),
    ("open quote", with_line('1,"x,a,20,0,1,0,0'), r"bad\.csv:3: .*never closed"),
    ("quote inside", with_line('1,x"y,a,20,0,1,0,0'), r"bad\.csv:3: .*quote"),
    ("text after quote", with_line('1,"x"y,a,20,0,1,0,0'), r"bad\.csv:3: .*quote"),
    ("NUL byte", with_line("1,x\0y,a,20,0,1,0,0"), r"bad\.csv:3: .*NUL"),
    ("bare CR", with_line("1,x\ry,a,20,0,1,0,0"), r"bad\.csv:3: .*carriage return"),
    ("invalid UTF-8", with_line("1,@,a,20,0,1,0,0").encode().replace(b"@", b"\xff"), r"bad\.csv:3: .*UTF-8"),
    ("surrogate", with_line("1,@,a,20,0,1,0,0").encode().replace(b"@", b"\xed\xa0\x80"), r"bad\.csv:3: .*UTF-8"),
    ("blank line", with_line(""), r"bad\.csv:3: blank line"),
    ("line after a quoted line end", with_line('1,"x\ny",a,20,0,1,0,0').replace("\n", "\n", 1) + "1,x\n",
     r"bad\.csv:67: found 2 cells"),
    ("nan", with_cell("age", "nan"), r'bad\.csv:3: column "age": "nan"'),
    ("NaN", with_cell("price", "NaN"), r'bad\.csv:3: column "price": "NaN"'),
    ("inf", with_cell("age", "inf"), r'bad\.csv:3: column "age": "inf"'),
    ("minus infinity", with_cell("price", "-infinity"), r'bad\.csv:3: column "price": "-infinity"'),
    ("1e400", with_cell("age", "1e400"), r'bad\.csv:3: column "age": "1e400" is out of range'),
    ("hexadecimal", with_cell("age", "0x10"), r'bad\.csv:3: column "age": "0x10" is not a number'),
    ("two points", with_cell("price", "1.2.3"), r'bad\.csv:3: column "price": "1\.2\.3" is not a number'),
    ("decimal comma", with_cell("price", '"1,5"'), r'bad\.csv:3: column "price": "1,5" is not a number'),
    ("leading space", with_cell("age", " 20"), r'bad\.csv:3: column "age": " 20" is not a number'),
    ("empty number without transform", with_cell("price", ""), r'bad\.csv:3: column "price": the cell is empty'),
    ("label 2", with_cell("click", "2"), r'bad\.csv:3: column "click": "2" is not a label'),
    ("label 0.5", with_cell("consume", "0.5"), r'bad\.csv:3: column "consume": "0\.5"'),
    ("label yes", with_cell("click", "yes", row=9), r'bad\.csv:11: column "click": "yes"'),
    ("id too large", with_cell("user", "50"), r'bad\.csv:3: column "user": "50" is not smaller than .*50'),
    ("id far too large", with_cell("user", "18446744073709551617"), r'bad\.csv:3: column "user"'),
    ("negative id", with_cell("user", "-1"), r'bad\.csv:3: column "user": "-1" is not an id'),
    ("fractional id", with_cell("user", "1.5"), r'bad\.csv:3: column "user": "1\.5" is not an id'),
    ("empty id", with_cell("user", ""), r'bad\.csv:3: column "user": the cell is empty'),
    ("empty item of a bag", with_cell("tags", "a||b"), r'bad\.csv:3: column "tags": .*empty'),
    ("negative weight", with_cell("w", "-1"), r'bad\.csv:3: column "w": "-1"'),
    ("empty weight", with_cell("w", ""), r'bad\.csv:3: column "w"'),
    ("duplicate column", small_csv(small_rows(), SMALL_HEADER.replace("kind", "user")), r'bad\.csv:1: .*"user"'),
    ("missing column", small_csv(small_rows(), SMALL_HEADER.replace("kind", "knd")), r'bad\.csv:1: .*"kind"'),
    ("missing label", small_csv(small_rows(), SMALL_HEADER.replace("consume", "buy")), r'bad\.csv:1: .*"consume"'),
    ("missing weight", small_csv(small_rows(), SMALL_HEADER.replace(",w,", ",v,")), r'bad\.csv:1: .*"w"'),
    ("header only", SMALL_HEADER + "\n", r"bad\.csv: .*no rows"),
    ("empty file", "", r"bad\.csv:1: .*empty"),
    ("blank header", "\n\n", r"bad\.csv:1: .*blank"),
    ("truncated gzip", GZIP[:len(GZIP) // 2], r"bad\.csv: .*gzip.*too early"),
    ("gzip magic only", GZIP[:2], r"bad\.csv: .*gzip"),
    ("broken gzip", GZIP[:40] + bytes(b ^ 0x5A for b in GZIP[40:60]) + GZIP[60:], r"bad\.csv: .*gzip"),
    ("wrong gzip checksum", GZIP[:-8] + b"\0\0\0\0" + GZIP[-4:], r"bad\.csv: .*gzip"),
    ("bytes after gzip", GZIP + b"more", r"bad\.csv: .*gzip"),
]


def changed(path, value):
    """A change of the small config: at `path` stands `value`."""
    def change(config):
        node = config
        for step in path[:-1]:
            node = node.setdefault(step, {}) if isinstance(node, dict) else node[step]
        node[path[-1]] = value
    return change


def text_of(path, value):
    config = json.loads(json.dumps(harness.SMALL_CONFIG))
    changed(path, value)(config)
    return json.dumps(config)


SMALL = json.dumps(harness.SMALL_CONFIG)
MANY_TASKS = [{"name": f"t{i}", "label": "click"} for i in range(17)]

# name, text of the config, exit code, pattern; all through `train`
BAD_CONFIG = [
    ("unknown key", text_of(["cross", "layrs"], 2), USAGE, r'bad\.json: .*"cross\.layrs".*"layers"'),
    ("unknown key at the top", text_of(["towers"], [2]), USAGE, r'bad\.json: .*"towers".*"tower"'),
    ("wrong type", text_of(["cross", "layers"], "two"), USAGE, r'bad\.json: cross\.layers: found "two"'),
    ("object for a list", text_of(["fields"], {}), USAGE, r"bad\.json: fields"),
    ("null", text_of(["train", "batch"], None), USAGE, r"bad\.json: train\.batch: found null"),
    ("zero size", text_of(["fields", 0, "size"], 0), USAGE, r"bad\.json: fields\[0\]\.size: found 0"),
    ("negative size", text_of(["fields", 0, "size"], -3), USAGE, r"bad\.json: fields\[0\]\.size: found -3"),
    ("fractional size", text_of(["fields", 0, "dim"], 2.5), USAGE, r"bad\.json: fields\[0\]\.dim: found 2\.5"),
    ("zero batch", text_of(["train", "batch"], 0), USAGE, r"bad\.json: train\.batch: found 0"),
    ("zero tower layer", text_of(["tower"], [4, 0]), USAGE, r"bad\.json: tower"),
    ("zero rate", text_of(["train", "optimizer"], {"rate": 0}), USAGE, r"bad\.json: train\.optimizer\.rate"),
    ("dropout 1", text_of(["train", "dropout"], 1), USAGE, r"bad\.json: train\.dropout"),
    ("too deep", '{"x":' + "[" * 2000000 + "]" * 2000000 + "}", USAGE, r"bad\.json: lists and objects more than 64 deep"),
    ("too many layers", text_of(["cross", "layers"], 65), USAGE, r"bad\.json: cross\.layers: found 65"),
    ("product overflows", text_of(["fields", 0], {"name": "user", "type": "category", "encoding": "id",
                                                  "size": 2**32, "dim": 2**40}), MEMORY, r"bad\.json"),
    ("table too large", text_of(["fields", 0, "size"], 2**40), MEMORY, r"bad\.json: fields\[0\]\.size"),
    ("size beyond 64 bits", text_of(["tower"], [4]).replace("[4]", "[1e30]"), MEMORY, r"bad\.json: tower"),
    ("square overflows", text_of(["fields", 0, "dim"], 2**33), MEMORY, r"bad\.json"),
    ("huge units", text_of(["sharing", 0, "shared"], 2**62), MEMORY, r"bad\.json"),
    ("huge batch", text_of(["train", "batch"], 2**62), MEMORY, r"bad\.json"),
    ("NaN", SMALL.replace('"epochs": 1', '"epochs": NaN'), USAGE, r"bad\.json:1:\d+: "),
    ("number beyond double", text_of(["train", "clip_norm"], 7).replace('"clip_norm": 7', '"clip_norm": 1e999'), USAGE,
     r"bad\.json"),
    ("17 tasks", text_of(["tasks"], MANY_TASKS), USAGE, r"bad\.json: tasks: .*17"),
    ("no tasks", text_of(["tasks"], []), USAGE, r"bad\.json: tasks"),
    ("no fields", text_of(["fields"], []), USAGE, r"bad\.json: fields"),
    ("after nobody", text_of(["tasks", 1, "after"], "clik"), USAGE, r'bad\.json: tasks\[1\]\.after: .*"clik".*"click"'),
    ("after itself", text_of(["tasks", 1, "after"], "consume"), USAGE, r"bad\.json: tasks\[1\]\.after"),
    ("after a later one", text_of(["tasks", 0, "after"], "consume"), USAGE, r"bad\.json: tasks\[0\]\.after"),
    ("duplicate field", text_of(["fields", 1, "name"], "user"), USAGE, r'bad\.json: fields\[1\]\.name: "user"'),
    ("duplicate task", text_of(["tasks", 1, "name"], "click"), USAGE, r"bad\.json: tasks\[1\]"),
    ("bad name", text_of(["fields", 1, "name"], "a b"), USAGE, r'bad\.json: fields\[1\]\.name: found "a b"'),
    ("sharing both 0", text_of(["sharing"], [{"shared": 0, "private": 0}]), USAGE, r"bad\.json: sharing\[0\]"),
    ("shared after 0", text_of(["sharing"], [{"shared": 0, "private": 2}, {"shared": 2, "private": 2}]), USAGE,
     r"bad\.json: sharing\[1\]\.shared"),
    ("unknown word", text_of(["transfer"], "lstm"), USAGE, r'bad\.json: transfer: found "lstm"'),
    ("key that does not apply", text_of(["fields", 3, "pool"], "mean"), USAGE, r"bad\.json: fields\[3\]\.pool"),
    ("missing type", text_of(["fields", 3], {"name": "age"}), USAGE, r"bad\.json: fields\[3\]\.type: missing"),
    ("newer format", text_of(["format"], 2), USAGE, r"bad\.json: format"),
    ("unknown watched task", text_of(["train", "early_stopping"], {"task": "clck", "patience": 1}), USAGE,
     r"bad\.json: train\.early_stopping\.task"),
    ("syntax error", '{\n  "fields": [,]\n}', USAGE, r"bad\.json:2:14: "),
    ("cut off", SMALL[:60], USAGE, r"bad\.json:1:\d+: "),
    ("empty config", "", USAGE, r"bad\.json:1:1: "),
    ("a list", "[1]", USAGE, r"bad\.json: found a list, want an object"),
    ("duplicate key", SMALL.replace('"tower"', '"weight": "w", "tower"'), USAGE, r'bad\.json.*"weight".*twice'),
    ("not UTF-8", SMALL.encode().replace(b"kind", b"ki\xffd"), USAGE, r"bad\.json:1:\d+: not valid UTF-8"),
]

GOOD_TRAIN = ["train", "config.json", "--train", "good.csv", "--out", "out/m", "--quiet"]
# name, arguments, exit code, pattern
BAD_ARGUMENTS = [
    ("unknown command", ["trian"], USAGE, r'unknown command "trian"'),
    ("no command", ["--threads", "1"], USAGE, r'unknown option "--threads"'),
    ("unknown option", [*GOOD_TRAIN, "--epohcs", "3"], USAGE, r'unknown option "--epohcs"'),
    ("extra argument", ["inspect", "model", "more"], USAGE, r'unexpected argument "more"'),
    ("missing option", ["eval", "model"], USAGE, r"--data is required"),
    ("missing model", ["predict", "--data", "good.csv", "--out", "out/p"], USAGE, r"MODEL is required"),
    ("missing value", ["eval", "model", "--data"], USAGE, r"--data"),
    ("option twice", ["eval", "model", "--data", "a", "--isa", "auto", "--isa", "auto"], USAGE, r"--isa"),
    ("threads 0", ["eval", "model", "--data", "good.csv", "--threads", "0"], USAGE, r'--threads: found "0"'),
    ("threads -1", ["inspect", "model", "--threads", "-1"], USAGE, r'--threads: found "-1"'),
    ("threads hex", ["inspect", "model", "--threads", "0x2"], USAGE, r'--threads: found "0x2"'),
    ("threads fraction", [*GOOD_TRAIN, "--threads", "1.5"], USAGE, r'--threads: found "1\.5"'),
    ("threads huge", [*GOOD_TRAIN, "--threads", "99999999999"], USAGE, r"--threads"),
    ("isa unknown", ["eval", "model", "--data", "good.csv", "--isa", "mmx"], USAGE, r'--isa: .*"mmx".*reference'),
    ("isa of another processor", ["inspect", "model", "--isa", "neon"], USAGE, r'--isa: .*"neon".*reference'),
    ("batch 0", ["predict", "model", "--data", "good.csv", "--out", "out/p", "--batch", "0"], USAGE, r"--batch"),
    ("batch huge", ["eval", "model", "--data", "good.csv", "--batch", "10000000"], USAGE, r"--batch"),
    ("seed negative", [*GOOD_TRAIN, "--seed", "-1"], USAGE, r'--seed: found "-1"'),
    ("seed beyond 64 bits", [*GOOD_TRAIN, "--seed", "18446744073709551616"], USAGE, r"--seed"),
    ("set without =", [*GOOD_TRAIN, "--set", "train.epochs"], USAGE, r'"train\.epochs"'),
    ("set without key", [*GOOD_TRAIN, "--set", "=3"], USAGE, r'"=3"'),
    ("set with an empty step", [*GOOD_TRAIN, "--set", "train..epochs=3"], USAGE, r'"train\.\.epochs=3"'),
    ("set beyond a list", [*GOOD_TRAIN, "--set", "fields.9.dim=3"], USAGE, r'"fields\.9\.dim=3"'),
    ("set broken JSON", [*GOOD_TRAIN, "--set", "tower=[1,"], USAGE, r'"tower=\[1,"'),
    ("set unknown key", [*GOOD_TRAIN, "--set", "train.epohcs=3"], USAGE, r'"train\.epohcs".*"epochs"'),
    ("set out of range", [*GOOD_TRAIN, "--set", "train.epochs=0"], USAGE, r"train\.epochs: found 0"),
    ("train from stdin", ["train", "config.json", "--train", "-", "--out", "out/m"], USAGE, r"standard input"),
    ("valid from stdin", [*GOOD_TRAIN, "--valid", "-"], USAGE, r"standard input"),
    ("precision", ["trace", "model", "--data", "good.csv", "--out", "out/t", "--precision", "f16"], USAGE, r'"f16"'),
    ("correlation", ["synth", "out/s", "--correlation", "1.5"], USAGE, r'--correlation: found "1\.5"'),
    ("correlation nan", ["synth", "out/s", "--correlation", "nan"], USAGE, r'--correlation: found "nan"'),
    ("no rows", ["synth", "out/s", "--rows", "0"], USAGE, r'--rows: found "0"'),
    ("gradcheck rows", ["gradcheck", "config.json", "--rows", "0"], USAGE, r'--rows: found "0"'),
    ("config missing", ["train", "nowhere.json", "--train", "good.csv", "--out", "out/m"], IO,
     r"nowhere\.json: no such"),
    ("config directory", ["gradcheck", "out"], IO, r"out: is a directory"),
    ("config empty name", ["gradcheck", ""], IO, r'"": no such'),
    ("data missing", ["eval", "model", "--data", "nowhere.csv"], IO, r"nowhere\.csv: no such"),
    ("data directory", ["eval", "model", "--data", "out"], IO, r"out: is a directory"),
    ("train directory", ["train", "config.json", "--train", "out", "--out", "out/m", "--quiet"], IO,
     r"out: is a directory"),
    ("train missing", ["train", "config.json", "--train", "nowhere.csv", "--out", "out/m", "--quiet"], IO,
     r"nowhere\.csv"),
    ("model missing", ["inspect", "nowhere"], IO, r"nowhere: no such"),
    ("model directory", ["inspect", "out"], IO, r"out: is a directory"),
    ("model a pipe", ["inspect", "-"], IO, r"not a regular file"),
    ("predict into a missing folder", ["predict", "model", "--data", "good.csv", "--out", "out/no/p"], IO, r"out/no/p"),
    ("predict into a directory", ["predict", "model", "--data", "good.csv", "--out", "out"], IO,
     r"out: is a directory"),
    ("predict to a full device", ["predict", "model", "--data", "good.csv", "--out", "/dev/full"], IO,
     r"/dev/full: no space"),
    ("trace to a full device", ["trace", "model", "--data", "good.csv", "--out", "/dev/full"], IO,
     r"/dev/full: no space"),
    ("trace into a missing folder", ["trace", "model", "--data", "good.csv", "--out", "out/no/t"], IO, r"out/no/t"),
    ("train into a missing folder", [*GOOD_TRAIN[:5], "out/no/m", "--quiet"], IO, r"out/no/m"),
    ("train into a directory", [*GOOD_TRAIN[:5], "out", "--quiet"], IO, r"out: is a directory"),
    ("a directory where the checkpoint belongs", [*GOOD_TRAIN[:5], "taken", "--quiet"], IO,
     r"taken\.checkpoint: is a directory"),
    ("train into a device", [*GOOD_TRAIN[:5], "/dev/null", "--quiet"], IO, r"/dev/null: not a regular file"),
    ("synth into a file", ["synth", "good.csv", "--rows", "8"], IO, r"good\.csv"),
    ("train on a header", ["train", "config.json", "--train", "header.csv", "--out", "out/m", "--quiet"], DATA,
     r"header\.csv"),
    ("train on an empty file", ["train", "config.json", "--train", "empty.csv", "--out", "out/m", "--quiet"], DATA,
     r"empty\.csv"),
    ("train on a device", ["train", "config.json", "--train", "/dev/null", "--out", "out/m", "--quiet"], USAGE,
     r"/dev/null"),
    ("valid on a header", [*GOOD_TRAIN, "--valid", "header.csv"], DATA, r"header\.csv"),
    ("trace on a header", ["trace", "model", "--data", "header.csv", "--out", "out/t"], DATA, r"header\.csv"),
    ("train on a bad label", ["train", "config.json", "--train", "good.csv", "label.csv", "--out", "out/m", "--quiet"],
     DATA, r'label\.csv:3: column "click": "2"'),
    ("predict on a bad number", ["predict", "model", "--data", "late.csv", "--out", "out/p", "--batch", "1"], DATA,
     r'late\.csv:52: column "age": "nan"'),
]
# text, pattern: DCRNN_ISA
BAD_ENVIRONMENT = [("mmx", r'DCRNN_ISA: .*"mmx"'), ("neon", r'DCRNN_ISA: .*"neon"')]


class BadInput(CommandLineTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls("setUp")
        self.train_small(cls.dir / "model")
        self.write("header.csv", SMALL_HEADER + "\n")
        self.write("empty.csv", "")
        self.write("label.csv", with_cell("click", "2"))
        self.write("late.csv", with_cell("age", "nan", row=50))
        (cls.dir / "out").mkdir()
        (cls.dir / "taken.checkpoint").mkdir()
        cls.good_model = (cls.dir / "model").read_bytes()

    def setUp(self):
        self.previous = os.getcwd()
        os.chdir(self.dir)

    def tearDown(self):
        os.chdir(self.previous)

    def check_nothing_left(self):
        """No result under its final name, no temporary: at most a log that says why, and the cache."""
        for root, _, files in os.walk(self.dir):
            for name in files:
                self.assertFalse(name.endswith(".tmp"), name)
        left = {entry.name for entry in (self.dir / "out").iterdir()}
        self.assertLessEqual(left, {"m.jsonl", "m.cache"})

    def check_bad_model(self, content, pattern, code=MODEL):
        self.write("bad", content)
        self.check_error(run("inspect", "bad"), code, pattern)

    def test_data(self):
        for name, content, pattern in BAD_DATA:
            with self.subTest(name):
                self.write("bad.csv", content)
                self.check_error(run("eval", "model", "--data", "bad.csv", "--threads", "1"), DATA, pattern)

    def test_data_from_standard_input(self):
        done = run("predict", "model", "--data", "-", "--out", "out/p", stdin=with_cell("age", "nan").encode())
        self.check_error(done, DATA, r'standard input:3: column "age": "nan"')
        self.check_nothing_left()

    def test_config(self):
        for name, content, code, pattern in BAD_CONFIG:
            with self.subTest(name):
                self.write("bad.json", content)
                done = run("train", "bad.json", "--train", "good.csv", "--out", "out/m", "--quiet")
                self.check_error(done, code, pattern)
                self.check_nothing_left()

    def test_arguments(self):
        for name, arguments, code, pattern in BAD_ARGUMENTS:
            with self.subTest(name):
                self.check_error(run(*arguments), code, pattern)
                self.check_nothing_left()
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/full").st_mode))
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        self.assertEqual((self.dir / "model").read_bytes(), self.good_model)

    def test_environment(self):
        for text, pattern in BAD_ENVIRONMENT:
            with self.subTest(text):
                self.check_error(run("inspect", "model", env={"DCRNN_ISA": text}), USAGE, pattern)

    def test_full_standard_output(self):
        for arguments in (["eval", "model", "--data", "good.csv"], ["inspect", "model"], ["--help"],
                          ["predict", "model", "--data", "good.csv", "--out", "-"]):
            with self.subTest(arguments[0]), open("/dev/full", "wb") as full:
                self.check_error(run(*arguments, stdout=full), IO, r"standard output: no space left on device")

    def test_no_arguments(self):
        done = run()
        self.assertEqual(done.returncode, USAGE)
        self.assertIn(b"predict", done.stderr)

    # Models

    def header_and_data(self):
        (size,) = struct.unpack("<Q", self.good_model[:8])
        return json.loads(self.good_model[8:8 + size]), self.good_model[8 + size:]

    @staticmethod
    def file_of(header, data):
        text = (header if isinstance(header, str) else json.dumps(header)).encode()
        return struct.pack("<Q", len(text)) + text + data

    def test_truncated_model(self):
        for size in range(0, len(self.good_model), 1000):
            with self.subTest(size):
                self.check_bad_model(self.good_model[:size], r"bad: ")
        self.check_bad_model(self.good_model[:-1], r"bad: ")

    def test_damaged_container(self):
        header, data = self.header_and_data()
        name = "head.click.bias"
        text = json.dumps(header)
        entry = json.dumps(header[name])
        cases = [
            ("duplicate name", text[:-1] + f', "{name}": {entry}}}', data, rf'"{name}"'),
            ("no JSON", "{nonsense", data, r"bad: "),
            ("no object", "[1]", data, r"bad: "),
            ("bytes after the end", header, data + b"\0", r"bad: 1 bytes follow"),
            ("no metadata", {k: v for k, v in header.items() if k != "__metadata__"}, data, r'bad: .*"dcrnn"'),
            ("other metadata", {**header, "__metadata__": {"format": "pt"}}, data, r'bad: .*"dcrnn"'),
        ]
        for case, changed_header, changed_data, pattern in cases:
            with self.subTest(case):
                self.check_bad_model(self.file_of(changed_header, changed_data), pattern)
        for length in (2**63, 2**32, len(self.good_model)):
            with self.subTest(f"header of {length}"):
                self.check_bad_model(struct.pack("<Q", length) + self.good_model[8:], r"bad: .*header")

    def test_damaged_tensors(self):
        name = "tower.click.0.bias"  # F32 [3]

        def bad(change, pattern, code=MODEL):
            header, data = self.header_and_data()
            data = bytearray(data)
            change(header, data)
            self.check_bad_model(self.file_of(header, bytes(data)), pattern, code)

        def drop_last(header, data):
            last = max((k for k in header if k != "__metadata__"), key=lambda k: header[k]["data_offsets"])
            begin, end = header.pop(last)["data_offsets"]
            del data[begin:end]

        def add_unknown(header, data):
            header["mystery"] = {"dtype": "F32", "shape": [1], "data_offsets": [len(data), len(data) + 4]}
            data.extend(b"\0\0\0\0")

        def put_float(value):
            def change(header, data):
                begin = header[name]["data_offsets"][0]
                data[begin:begin + 4] = struct.pack("<f", value)
            return change

        def shift(by):
            def change(header, _):
                header[name]["data_offsets"] = [x + by for x in header[name]["data_offsets"]]
            return change

        def entry(key, value):
            return lambda header, _: header[name].__setitem__(key, value)

        def rename(header, _):
            header["tower.click.0.bais"] = header.pop(name)

        bad(shift(-4), r'bad: tensor ".*overlap')
        bad(shift(4), r"bad: tensor .*(hole|overlap)")
        bad(entry("data_offsets", [12, 0]), rf'bad: tensor "{name}"')
        bad(entry("data_offsets", [0, 2**62]), rf'bad: tensor "{name}"')
        bad(entry("data_offsets", [0, -1]), rf'bad: tensor "{name}"')
        bad(entry("shape", [4]), rf'bad: tensor "{name}": shape')
        bad(entry("shape", [2**40, 2**40]), rf'bad: tensor "{name}"', MEMORY)
        bad(entry("shape", [1, 3]), rf'bad: tensor "{name}": found shape \[1, 3\], want \[3\]')
        bad(entry("dtype", "F16"), rf'bad: tensor "{name}": .*F16')
        bad(entry("dtype", "I8"), rf'bad: tensor "{name}"')
        bad(entry("dtype", "X9"), rf'bad: tensor "{name}": .*X9')
        bad(put_float(float("nan")), rf'bad: tensor "{name}": element 0 is NaN')
        bad(put_float(float("-inf")), rf'bad: tensor "{name}": element 0 is infinite')
        bad(rename, rf'bad: tensor "{name}": missing')
        bad(drop_last, r"bad: tensor .*missing")
        bad(add_unknown, r'bad: tensor "mystery"')

    def test_damaged_config_in_model(self):
        def bad(change, pattern):
            header, data = self.header_and_data()
            config = json.loads(header["__metadata__"]["dcrnn"])
            change(config)
            header["__metadata__"]["dcrnn"] = json.dumps(config)
            self.check_bad_model(self.file_of(header, data), pattern)

        bad(lambda config: config.update(format=2), r"bad: .*newer")
        bad(lambda config: config.update(towers=[1]), r'bad: .*"towers"')
        bad(lambda config: config.update(tower=[5]), r"bad: tensor .*shape")
        bad(lambda config: config["tasks"].pop(), r"bad: tensor .*consume")
        header, data = self.header_and_data()
        header["__metadata__"]["dcrnn"] = "{"
        self.check_bad_model(self.file_of(header, data), r"bad: ?1?:")

    def test_damaged_encoders(self):
        header, data = self.header_and_data()
        for name in [k for k in header if k.startswith("encoder.")]:
            with self.subTest(name):
                begin, end = header[name]["data_offsets"]
                self.check_bad_model(self.file_of(header, data[:begin] + b"\xff" * (end - begin) + data[end:]),
                                     rf'bad: tensor "{name}"')

    # Checkpoints

    def test_checkpoints(self):
        arguments = ["train", "config.json", "--train", "good.csv", "--out", "stopped/c", "--quiet", "--threads", "1",
                     "--set", "train.epochs=100000", "--set", "train.checkpoint_seconds=0"]
        (self.dir / "stopped").mkdir()
        checkpoint = self.dir / "stopped/c.checkpoint"
        with self.started(*arguments, stderr=subprocess.DEVNULL) as process:
            while not checkpoint.exists():
                self.assertIsNone(process.poll())
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(harness.TIMEOUT), 143)
        good = checkpoint.read_bytes()
        other = self.write("other.csv", small_csv(small_rows(seed=2)))
        resume = [*arguments, "--resume"]
        data_changed = [str(other) if argument == "good.csv" else argument for argument in resume]
        self.check_error(run(*resume, "--set", "cross.layers=2"), MODEL, r'c\.checkpoint: .*cross\.layers: 1 there, 2 now')
        self.check_error(run(*resume, "--seed", "9"), MODEL, r"c\.checkpoint: .*train\.seed: 1 there, 9 now")
        self.check_error(run(*data_changed), MODEL, r"c\.checkpoint: .*data")
        self.check_error(run(*resume, "--valid", "good.csv"), MODEL, r"c\.checkpoint: ")
        self.check_error(run("inspect", "stopped/c.checkpoint"), MODEL, r"a checkpoint, not a model")
        flipped = bytearray(good)
        flipped[-5] ^= 1
        steps = good.index(b"checkpoint.optimizer_steps") + len(b'checkpoint.optimizer_steps":"')
        state = bytearray(good)
        state[steps] = ord("8") if state[steps] == ord("9") else state[steps] + 1
        for name, content in (("flipped", bytes(flipped)), ("other state", bytes(state)), ("cut", good[:-100]), ("empty", b""),
                              ("no checkpoint", self.good_model)):
            with self.subTest(name):
                checkpoint.write_bytes(content)
                self.check_error(run(*resume), MODEL, r"c\.checkpoint: ")
                self.assertEqual(checkpoint.read_bytes(), content)
        self.assertFalse((self.dir / "stopped/c").exists())

    def test_an_update_that_overflows_is_a_divergence(self):
        diverging = ["--set", "train.optimizer.kind=sgd", "--set", "train.optimizer.rate=3e38", "--set",
                     "train.optimizer.weight_decay=3", "--set", "train.schedule.kind=constant", "--set",
                     "train.schedule.warmup=0", "--set", "train.batch=64", "--quiet"]
        done = run("train", "config.json", "--train", "good.csv", "--out", "diverged", *diverging)
        self.check_error(done, DIVERGED, "training diverged at step 1: NaN or infinity in ")
        self.assertFalse((self.dir / "diverged").exists())

    def test_a_model_does_not_replace_what_it_is_made_of(self):
        for name in ("good.csv", "config.json"):
            before = (self.dir / name).read_bytes()
            done = run("train", "config.json", "--train", "good.csv", "--out", name, "--quiet")
            self.check_error(done, USAGE, rf"{name}: the model to write is the file to read")
            self.assertEqual((self.dir / name).read_bytes(), before)

    def test_there_are_many_cases(self):
        self.assertGreaterEqual(len(BAD_DATA) + len(BAD_CONFIG) + len(BAD_ARGUMENTS), 60)


if __name__ == "__main__":
    unittest.main()

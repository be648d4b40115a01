"""Jobs that are stopped: by SIGKILL and resumed, by SIGINT and SIGTERM, by a reader that goes away."""

import json
import os
import pty
import random
import re
import signal
import subprocess
import time
import unittest

import harness
from harness import CommandLineTest, run, start

ROWS, BATCH, EPOCHS = 1000, 64, 4
LONGEST_SLEEP = 0.015  # seconds from a checkpoint to a kill: a few steps
SEED = 20240917

held_back = unittest.skipIf("TSAN_OPTIONS" in os.environ,
                            "the thread sanitizer holds a signal back while its thread waits for input")


class Stops(CommandLineTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls("setUp")
        cls.log = cls.dir / "log"
        self.succeed("synth", cls.log, "--rows", ROWS)
        cls.whole = cls.dir / "whole"
        self.succeed(*self.training(cls.whole), "--threads", 1)

    def training(self, model, epochs=EPOCHS):
        return ["train", self.log / "config.json", "--train", self.log / "train.csv", "--valid", self.log / "valid.csv",
                "--out", model, "--set", "cross.layers=1", "--set", "tower=[8]", "--set", f"train.batch={BATCH}",
                "--set", f"train.epochs={epochs}", "--set", "train.checkpoint_seconds=0"]

    def many_rows(self):
        header, *rows = (self.log / "train.csv").read_bytes().splitlines(keepends=True)
        return header + b"".join(rows) * 40

    def log_lines(self, model):
        with open(f"{model}.jsonl", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def test_killed_and_resumed_ends_with_the_same_bytes(self):
        draw = random.Random(SEED)
        for threads in (1, 2):
            model = self.dir / f"killed{threads}"
            arguments = [*self.training(model), "--threads", threads, "--resume"]
            kills, done = self.finish_despite_kills(model, lambda _: arguments, draw, LONGEST_SLEEP)
            with self.subTest(threads=threads, kills=kills, seed=SEED):
                self.assertEqual(model.read_bytes(), self.whole.read_bytes())
                resumed = [line["resumed"] for line in self.log_lines(model) if "resumed" in line]
                self.assertGreaterEqual(len(resumed), kills - 1)
                positions = [(r["epoch"] - 1) * ROWS + r["rows"] for r in resumed]
                self.assertEqual(positions, sorted(positions))
                self.assertGreater(positions[-1], 0)
                self.assertIn("resumed at epoch", done)
                (trained,) = re.findall(r"([0-9,]+) rows trained", done)
                self.assertEqual(int(trained.replace(",", "")) + positions[-1], EPOCHS * ROWS)
                self.assertEqual(self.log_lines(model)[-1]["rows_trained"], EPOCHS * ROWS)

    def test_resume_without_a_checkpoint_starts_afresh(self):
        model = self.dir / "fresh"
        done = self.succeed(*self.training(model), "--resume")
        self.assertRegex(done.stderr.decode(), "no checkpoint.*starting afresh")
        self.assertEqual(model.read_bytes(), self.whole.read_bytes())

    def test_a_signal_saves_and_stops(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            model = self.dir / f"stopped{code}"
            with self.started(*self.training(model), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                self.wait_for_checkpoint(process, model)
                process.send_signal(number)
                out, err = process.communicate(timeout=harness.TIMEOUT)
            self.assertEqual((process.returncode, out), (code, b""), err)
            self.assertRegex(err.decode(), rf"(?m)^error: stopped by {number.name}, a checkpoint is saved\nhelp: .*--resume")
            self.assertFalse(model.exists())
            self.assertEqual(self.log_lines(model)[-1]["stopped"], "stopped")
            done = self.succeed(*self.training(model), "--resume")
            self.assertIn(b"resumed at epoch", done.stderr)
            self.assertEqual(model.read_bytes(), self.whole.read_bytes())

    def begun(self, out):
        """The name under which `out` is being written, or ""."""
        return next((name for name in os.listdir(self.dir) if name.startswith(f".{out.name}.")), "")

    def waiting_prediction(self, out):
        """A prediction that has begun its output and waits for more on standard input."""
        process = start("predict", self.whole, "--data", "-", "--out", out, stdin=subprocess.PIPE,
                        stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        process.stdin.write(self.many_rows())  # far more than a pipe and the program's buffer hold
        process.stdin.flush()
        while not self.begun(out):
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        size = None
        while size != (size := os.stat(self.dir / self.begun(out)).st_size):  # it answers what it has been given
            time.sleep(0.3)
        return process

    @held_back
    def test_a_second_signal_stops_at_once(self):
        out = self.dir / "twice.csv"
        process = self.waiting_prediction(out)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        self.assertIsNone(process.poll())
        before = time.monotonic()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(harness.TIMEOUT), 130)
        self.assertLess(time.monotonic() - before, 1.5)
        self.assertFalse(out.exists())

    @held_back
    def test_a_prediction_that_waits_ends_after_a_moment(self):
        out = self.dir / "waiting.csv"
        process = self.waiting_prediction(out)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(harness.TIMEOUT), 143)
        self.assertFalse(out.exists())

    def test_a_stopped_prediction_leaves_nothing(self):
        out = self.dir / "stopped.csv"
        process = self.waiting_prediction(out)
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        process.stdin.close()  # the rows so far are scored, then the signal is seen
        process.stdin = None
        self.assertEqual(process.wait(harness.TIMEOUT), 130)
        self.assertEqual([name for name in os.listdir(self.dir) if "stopped.csv" in name], [])

    def test_a_closed_pipe_ends_quietly(self):
        big = self.dir / "big.csv"
        big.write_bytes(self.many_rows())
        with self.started("predict", self.whole, "--data", big, "--out", "-", stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
            self.assertEqual(process.stdout.readline(), b"p_click,p_consume\n")
            process.stdout.close()
            process.stdout = None
            _, err = process.communicate(timeout=harness.TIMEOUT)
        self.assertEqual((process.returncode, err), (141, b""))

        reading, writing = os.pipe()
        os.close(reading)  # before the program starts: its output is short
        done = run("inspect", self.whole, stdout=writing)
        os.close(writing)
        self.assertEqual((done.returncode, done.stderr), (141, b""))

    def test_progress_on_a_terminal(self):
        for colour in (True, False):
            ours, theirs = pty.openpty()
            extra = {"TERM": "xterm"} if colour else {"TERM": "xterm", "NO_COLOR": "1"}
            process = subprocess.Popen(harness.command(self.training(self.dir / f"terminal{colour}")), stderr=theirs,
                                       stdout=subprocess.PIPE, env=harness.environment(extra))
            os.close(theirs)
            text = b""
            while True:
                try:
                    block = os.read(ours, 1 << 16)
                except OSError:  # the program has closed its side
                    break
                if not block:
                    break
                text += block
            os.close(ours)
            self.assertEqual((process.communicate()[0], process.returncode), (b"", 0))
            self.assertRegex(text, rb"\repoch 1/4 \[[#.]+\] \d+%  [0-9,]+ rows/s  loss \d")
            self.assertRegex(text, rb" left\x1b\[K")
            self.assertEqual(b"\x1b[1;32mbest so far" in text, colour)

    def test_a_device_stays_a_device(self):
        done = run("predict", self.whole, "--data", self.log / "test.csv", "--out", "/dev/null")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertTrue(os.path.exists("/dev/null") and not os.path.isfile("/dev/null"))


if __name__ == "__main__":
    unittest.main()

"""Whose is OUT: one run at a time, what a stopped one has left, what a killed one has left."""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

import harness
from harness import ENDLESS, FilesTest, run, small_csv, small_rows

USAGE, MODEL, IO = 2, 4, 5


def may_trace():
    tool = shutil.which("strace")
    test = [tool, "-o", os.devnull, "true"]
    return tool is not None and subprocess.run(test, capture_output=True, check=False).returncode == 0


with_strace = unittest.skipUnless(may_trace(), "needs strace, and the right to use it")


class Runs(FilesTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls("setUp").write("many.csv", small_csv(small_rows(20000)))

    def checkpoint_time(self, model):
        path = pathlib.Path(f"{model}.checkpoint")
        return path.stat().st_mtime_ns if path.exists() else None

    @contextlib.contextmanager
    def running(self, *arguments, out="m"):
        """A run that has saved a checkpoint and goes on."""
        before, limit = self.checkpoint_time(out), time.monotonic() + harness.TIMEOUT
        with self.started(*self.training(*ENDLESS, *arguments, out=out), stderr=subprocess.PIPE) as process:
            while self.checkpoint_time(out) in (None, before):
                self.assertIsNone(process.poll())
                self.assertLess(time.monotonic(), limit)
                time.sleep(0.005)
            yield process

    def injected(self, fault, command):
        """Runs the program with a fault in a system call, as `strace -e inject=` has it."""
        tracing = ["strace", "-f", "-q", "-o", os.devnull, "-e", "trace=" + fault.split(":")[0], "-e", f"inject={fault}"]
        leaks = "env", "ASAN_OPTIONS=" + os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"  # fails while traced
        return self.outcome([*leaks, *tracing, *harness.command(command)])

    def log_lines(self, model="m"):
        return [json.loads(line) for line in pathlib.Path(f"{model}.jsonl").read_text().splitlines()]

    # One run at a time

    def test_a_second_run_is_refused_and_names_the_first(self):
        os.symlink("m", "link")
        os.symlink(".", "here")
        with self.running() as process:
            for name in ("m", "./m", "link", "here/m", os.path.abspath("m")):
                for flag in ([], ["--resume"], ["--restart"]):
                    done = run(*self.training(*flag, out=name))
                    self.check_error(done, IO, rf"another training run is writing it: process {process.pid} on \S+$")
            self.succeed(*self.training(out="other"))  # beside it
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(harness.TIMEOUT), 143)
        lines = self.log_lines()
        self.assertEqual([line["epoch"] for line in lines[1:-1]], list(range(len(lines) - 2)))
        self.assertEqual(sum("config" in line for line in lines), 1)
        self.assertFalse(os.path.exists(".m.dcrnn-lock"))

    def test_the_lock_dies_with_its_process(self):
        with self.running() as process:
            process.kill()
            process.wait()
        self.assertTrue(os.path.exists(".m.dcrnn-lock"))
        # Also where another process has the number of the dead one.
        pathlib.Path(".m.dcrnn-lock").write_text(f"process {os.getpid()} on here")
        self.succeed(*self.training("--restart"))
        self.assertTrue(self.same_bytes("m", self.whole()))
        self.assertFalse(os.path.exists(".m.dcrnn-lock"))

    # A checkpoint that is there

    def test_a_checkpoint_is_not_dropped_by_forgetting_a_flag(self):
        want = self.whole("--set", "train.epochs=2")
        for number, code in ((signal.SIGTERM, 143), (signal.SIGKILL, -9), (signal.SIGHUP, 129)):
            with self.running() as process:
                process.send_signal(number)
                self.assertEqual(process.wait(harness.TIMEOUT), code)
            kept = pathlib.Path("m.checkpoint").read_bytes(), pathlib.Path("m.jsonl").read_bytes()
            done = run(*self.training())
            self.check_error(done, USAGE, r"m\.checkpoint: a training run that did not finish left this checkpoint")
            self.assertRegex(done.stderr, rb"help: .*--resume.*--restart")
            done = run(*self.training("--resume", "--restart"))
            self.check_error(done, USAGE, "--resume and --restart exclude each other")
            self.assertEqual((pathlib.Path("m.checkpoint").read_bytes(), pathlib.Path("m.jsonl").read_bytes()), kept)
            done = self.succeed(*self.training("--restart", "--set", "train.epochs=2"))
            self.assertTrue(self.same_bytes("m", want))
            self.assertFalse(os.path.exists("m.checkpoint"))
            self.assertEqual([line.get("epoch") for line in self.log_lines()], [None, 0, 1, 2, None])
        self.succeed(*self.training())  # a finished run has left nothing to ask about
        self.succeed(*self.training("--restart"))

    def test_restart_drops_the_checkpoint_before_it_trains(self):
        with self.running() as process:
            process.kill()
            process.wait()
        old = pathlib.Path("m.checkpoint").read_bytes()
        with self.running("--restart", "--seed", 9) as process:
            process.kill()
            process.wait()
        self.assertFalse(pathlib.Path("m.checkpoint").read_bytes() == old)
        self.check_error(run(*self.training(*ENDLESS, "--resume")), MODEL, r"train\.seed: 9 there, 1 now")

    # Signals

    def test_a_hang_up_saves(self):
        want = self.whole("--set", "train.epochs=3", "--set", "train.checkpoint_seconds=0")
        long = ["--set", "train.epochs=3", "--set", "train.checkpoint_seconds=0"]
        with self.running() as process:
            process.send_signal(signal.SIGHUP)
            self.assertEqual(process.wait(harness.TIMEOUT), 129)
            self.assertRegex(process.stderr.read(), rb"error: stopped by SIGHUP, a checkpoint is saved\nhelp: ")
        self.assertEqual(self.log_lines()[-1]["stopped"], "stopped")
        def ignore():
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with self.started(*self.training(*long, "--restart"), preexec_fn=ignore) as process:
            while process.poll() is None:
                process.send_signal(signal.SIGHUP)  # as under nohup
                time.sleep(0.01)
            self.assertEqual(process.returncode, 0)
        self.assertTrue(self.same_bytes("m", want))

    def test_a_stopped_synth_leaves_whole_files(self):
        with self.started("synth", "log", "--rows", 10**8, stderr=subprocess.PIPE) as process:
            while not self.temporaries():
                self.assertIsNone(process.poll())
                time.sleep(0.005)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=harness.TIMEOUT)
            self.assertEqual(process.returncode, 143)
            self.assertRegex(err, rb"^error: stopped by SIGTERM before the last row\nhelp: .")
        self.assertEqual(os.listdir("log"), [])

    # What killed runs leave

    def test_only_what_is_dead_is_swept(self):
        self.succeed(*self.training("--cache", "cache"))
        (row_file, *_) = [path.name for path in pathlib.Path("cache").iterdir()]
        shutil.rmtree("cache")
        os.mkdir("cache")
        dead = [".m.dcrnn-7-0.tmp", ".m.checkpoint.dcrnn-999999999-12.tmp", ".m.jsonl.dcrnn-1-1.tmp",
                f"cache/.{row_file}.dcrnn-{os.getpid()}-3.tmp", "cache/.0123456789abcdef.rows.dcrnn-7-7.tmp"]
        kept = [".n.dcrnn-7-0.tmp", ".m.dcrnn-7.tmp", ".m.dcrnn-x-0.tmp", "m.dcrnn-7-0.tmp", ".m.7.0.tmp", ".m.tmp",
                "cache/.other.dcrnn-7-0.tmp", ".mm.dcrnn-7-0.tmp", ".m.dcrnn-7-0.tmp.dcrnn-7-0"]
        alive = [".m.dcrnn-7-1.tmp", "cache/.0123456789abcdef.rows.dcrnn-7-8.tmp"]
        for name in dead + kept + alive:
            pathlib.Path(name).write_text("x")
        os.symlink("good.csv", ".m.dcrnn-7-2.tmp")
        os.link("good.csv", ".m.dcrnn-7-3.tmp")
        os.mkdir(".m.dcrnn-7-4.tmp")
        with contextlib.ExitStack() as stack:
            for name in alive:  # as the process that writes it does
                fcntl.flock(stack.enter_context(open(name, "ab")), fcntl.LOCK_EX)
            self.succeed(*self.training("--cache", "cache"))
        for name in dead:
            self.assertFalse(os.path.exists(name), name)
        for name in kept + alive + [".m.dcrnn-7-2.tmp", ".m.dcrnn-7-3.tmp", ".m.dcrnn-7-4.tmp"]:
            self.assertTrue(os.path.exists(name), name)

    @with_strace
    def test_nothing_stays_of_a_killed_process(self):
        many = ["--data", self.dir / "many.csv"]
        for command, where in (
                (self.training("--set", "train.checkpoint_seconds=0", "--resume"), range(1, 5)),
                (["predict", "model", *many, "--out", "p"], (1,)),
                (["trace", "model", "--data", "good.csv", "--out", "t"], (1,)),
                (["synth", "log", "--rows", "5000"], range(1, 5))):
            for call in ("rename", "fsync"):
                for n in where:
                    with self.subTest(command=command[0], call=call, n=n):
                        done = self.injected(f"{call}:signal=SIGKILL:when={n}", command)
                        self.assertNotEqual(done.returncode, 0)
            self.succeed(*command)
            self.assertEqual(self.temporaries(), [])
            self.assertFalse(os.path.exists(".m.dcrnn-lock"))
        self.assertTrue(self.same_bytes("m", self.whole("--set", "train.checkpoint_seconds=0")))

    @with_strace
    def test_a_failing_system_call_loses_nothing(self):
        four = ["--set", "train.epochs=4", "--set", "train.checkpoint_seconds=0"]
        want, failures = self.whole(*four), 0
        predict = ["predict", "model", "--data", "good.csv", "--out"]
        self.succeed(*predict, "want")
        for command, out, whole in ((self.training(*four, "--resume"), "m", want), ([*predict, "p"], "p", "want")):
            for call, error in (("write", "ENOSPC"), ("fsync", "EIO"), ("rename", "EIO"), ("write", "EDQUOT")):
                for n in (1, 2, 3, 5, 8):
                    with self.subTest(command=command[0], call=call, n=n):
                        done = self.injected(f"{call}:error={error}:when={n}", command)
                        if done.returncode != 0:
                            self.check_error(done, IO, "cannot write ")
                            failures += 1
                        self.assertTrue(not os.path.exists(out) or self.same_bytes(out, whole))
                        self.assertEqual(self.temporaries(), [])
            self.succeed(*command)
            self.assertTrue(self.same_bytes(out, whole))
        self.assertGreater(failures, 10)


if __name__ == "__main__":
    unittest.main()

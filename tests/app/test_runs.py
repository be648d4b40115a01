"""Whose is OUT: one run at a time, what a stopped one has left, what a killed one has left, the limits of the process."""

import contextlib
import fcntl
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time
import unittest

import harness
from harness import CommandLineTest, run, small_csv, small_rows

USAGE, IO, MEMORY = 2, 5, 6
NOBODY = 65534
ENDLESS = ["--set", "train.epochs=100000", "--set", "train.checkpoint_seconds=0"]


def strace_works():
    tool = shutil.which("strace")
    return tool is not None and subprocess.run([tool, "-o", os.devnull, "true"], capture_output=True, check=False).returncode == 0


def may_mount():
    tool = shutil.which("unshare")
    test = [tool, "-Urm", "sh", "-c", "mount -t tmpfs none /tmp"]
    return tool is not None and subprocess.run(test, capture_output=True, check=False).returncode == 0


with_strace = unittest.skipUnless(strace_works(), "needs strace, and the right to use it")
with_mounts = unittest.skipUnless(may_mount(), "needs unshare, and user namespaces that may mount")
as_root = unittest.skipUnless(os.geteuid() == 0, "becomes another user, which only root can")
without_sanitizer = unittest.skipIf(any(f"{name}_OPTIONS" in os.environ for name in ("ASAN", "TSAN")),
                                    "a sanitizer needs more memory and threads than the limit allows")


class Runs(CommandLineTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls("setUp")
        self.train_small(cls.dir / "model")
        self.write("valid.csv", small_csv(small_rows(seed=2)))
        self.write("many.csv", small_csv(small_rows(20000)))

    def setUp(self):
        self.at = self.dir / self.id().rsplit(".", 1)[1]
        self.at.mkdir()
        for name in ("model", "good.csv", "valid.csv", "config.json"):
            (self.at / name).write_bytes((self.dir / name).read_bytes())
        self.previous = os.getcwd()
        os.chdir(self.at)

    def tearDown(self):
        os.chdir(self.previous)

    def train(self, *arguments, out="m"):
        return ["train", "config.json", "--train", "good.csv", "--valid", "valid.csv", "--out", out, "--threads", 1,
                "--quiet", *arguments]

    def whole(self, *arguments):
        """A model that nothing has interrupted."""
        self.succeed(*self.train(*arguments, out="whole"))
        return "whole"

    def checkpoint_time(self, model):
        path = pathlib.Path(f"{model}.checkpoint")
        return path.stat().st_mtime_ns if path.exists() else None

    def same_bytes(self, one, other):
        return pathlib.Path(one).read_bytes() == pathlib.Path(other).read_bytes()

    @contextlib.contextmanager
    def running(self, *arguments, out="m"):
        """A run that has saved a checkpoint and goes on."""
        before, limit = self.checkpoint_time(out), time.monotonic() + harness.TIMEOUT
        with self.started(*self.train(*ENDLESS, *arguments, out=out), stderr=subprocess.PIPE) as process:
            while self.checkpoint_time(out) in (None, before):
                self.assertIsNone(process.poll())
                self.assertLess(time.monotonic(), limit)
                time.sleep(0.005)
            yield process

    def temporaries(self, at="."):
        return [path.name for path in pathlib.Path(at).rglob("*") if path.name.endswith(".tmp")]

    def log_lines(self, model="m"):
        return [json.loads(line) for line in pathlib.Path(f"{model}.jsonl").read_text().splitlines()]

    # One run at a time

    def test_a_second_run_is_refused_and_names_the_first(self):
        os.symlink("m", "link")
        os.symlink(".", "here")
        with self.running() as process:
            for name in ("m", "./m", "link", "here/m", os.path.abspath("m")):
                for flag in ([], ["--resume"], ["--restart"]):
                    done = run(*self.train(*flag, out=name))
                    self.check_error(done, IO, rf"another training run is writing it: process {process.pid} on \S+$")
            self.succeed(*self.train(out="other"))  # beside it
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(harness.TIMEOUT), 143)
        lines = self.log_lines()
        self.assertEqual([line["epoch"] for line in lines[1:-1]], list(range(1, len(lines) - 1)))
        self.assertEqual(sum("config" in line for line in lines), 1)
        self.assertFalse(os.path.exists(".m.dcrnn-lock"))

    def test_the_lock_dies_with_its_process(self):
        with self.running() as process:
            process.kill()
            process.wait()
        self.assertTrue(os.path.exists(".m.dcrnn-lock"))
        # Also where another process has the number of the dead one.
        pathlib.Path(".m.dcrnn-lock").write_text(f"process {os.getpid()} on here")
        self.succeed(*self.train("--restart"))
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
            done = run(*self.train())
            self.check_error(done, USAGE, r"m\.checkpoint: a training run that did not finish left this checkpoint")
            self.assertRegex(done.stderr, rb"help: .*--resume.*--restart")
            done = run(*self.train("--resume", "--restart"))
            self.check_error(done, USAGE, "--resume and --restart exclude each other")
            self.assertEqual((pathlib.Path("m.checkpoint").read_bytes(), pathlib.Path("m.jsonl").read_bytes()), kept)
            done = self.succeed(*self.train("--restart", "--set", "train.epochs=2"))
            self.assertTrue(self.same_bytes("m", want))
            self.assertFalse(os.path.exists("m.checkpoint"))
            self.assertEqual([line.get("epoch") for line in self.log_lines()], [None, 1, 2, None])
        self.succeed(*self.train())  # a finished run has left nothing to ask about
        self.succeed(*self.train("--restart"))

    def test_restart_drops_the_checkpoint_before_it_trains(self):
        with self.running() as process:
            process.kill()
            process.wait()
        old = pathlib.Path("m.checkpoint").read_bytes()
        with self.running("--restart", "--seed", 9) as process:
            process.kill()
            process.wait()
        self.assertFalse(pathlib.Path("m.checkpoint").read_bytes() == old)
        self.check_error(run(*self.train(*ENDLESS, "--resume")), 4, r"train\.seed: 9 there, 1 now")

    # Signals

    def test_a_hang_up_saves(self):
        want = self.whole("--set", "train.epochs=3", "--set", "train.checkpoint_seconds=0")
        long = ["--set", "train.epochs=3", "--set", "train.checkpoint_seconds=0"]
        with self.running() as process:
            process.send_signal(signal.SIGHUP)
            self.assertEqual(process.wait(harness.TIMEOUT), 129)
            self.assertRegex(process.stderr.read(), rb"error: stopped by SIGHUP, a checkpoint is saved\nhelp: .*--resume")
        self.assertEqual(self.log_lines()[-1]["stopped"], "stopped")
        with self.started(*self.train(*long, "--restart"), preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as process:
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

    def test_the_limit_of_processor_time_saves(self):
        def set_limit():
            resource.setrlimit(resource.RLIMIT_CPU, (1, 30))
        with self.started(*self.train(*ENDLESS), preexec_fn=set_limit, stderr=subprocess.PIPE) as process:
            _, err = process.communicate(timeout=harness.TIMEOUT)
            self.assertEqual(process.returncode, 152)
            self.assertRegex(err, rb"error: stopped by SIGXCPU, the limit of processor time, a checkpoint is saved\nhelp: .*--resume")

    # What killed runs leave

    def test_only_what_is_dead_is_swept(self):
        self.succeed(*self.train("--cache", "cache"))
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
            self.succeed(*self.train("--cache", "cache"))
        for name in dead:
            self.assertFalse(os.path.exists(name), name)
        for name in kept + alive + [".m.dcrnn-7-2.tmp", ".m.dcrnn-7-3.tmp", ".m.dcrnn-7-4.tmp"]:
            self.assertTrue(os.path.exists(name), name)

    @with_strace
    def test_nothing_stays_of_a_killed_process(self):
        many = ["--data", self.dir / "many.csv"]
        for command, where in (
                (self.train("--set", "train.checkpoint_seconds=0", "--resume"), range(1, 5)),
                (["predict", "model", *many, "--out", "p"], (1,)),
                (["trace", "model", "--data", "good.csv", "--out", "t"], (1,)),
                (["synth", "log", "--rows", "5000"], range(1, 5))):
            for call in ("rename", "fsync"):
                for n in where:
                    with self.subTest(command=command[0], call=call, n=n):
                        done = subprocess.run(["strace", "-f", "-q", "-o", os.devnull, "-e", f"trace={call}", "-e",
                                               f"inject={call}:signal=SIGKILL:when={n}", *harness.command(command)],
                                              env=harness.environment(), capture_output=True, check=False)
                        self.assertNotEqual(done.returncode, 0)
            self.succeed(*command)
            self.assertEqual(self.temporaries(), [])
            self.assertFalse(os.path.exists(".m.dcrnn-lock"))
        self.assertTrue(self.same_bytes("m", self.whole("--set", "train.checkpoint_seconds=0")))

    @with_strace
    def test_a_failing_system_call_loses_nothing(self):
        four = ["--set", "train.epochs=4", "--set", "train.checkpoint_seconds=0"]
        want, failures = self.whole(*four), 0
        jobs = ((self.train(*four, "--resume"), "m", want), (["predict", "model", "--data", "good.csv", "--out", "p"], "p", "want"))
        self.succeed("predict", "model", "--data", "good.csv", "--out", "want")
        for command, out, whole in jobs:
            for call, error in (("write", "ENOSPC"), ("fsync", "EIO"), ("rename", "EIO"), ("write", "EDQUOT")):
                for n in (1, 2, 3, 5, 8):
                    with self.subTest(command=command[0], call=call, n=n):
                        done = subprocess.run(["strace", "-f", "-q", "-o", os.devnull, "-e", f"trace={call}", "-e",
                                               f"inject={call}:error={error}:when={n}", *harness.command(command)],
                                              env=harness.environment(), capture_output=True, check=False)
                        if done.returncode != 0:
                            self.check_error(done, IO, "cannot write ")
                            failures += 1
                        self.assertTrue(not os.path.exists(out) or self.same_bytes(out, whole))
                        self.assertEqual(self.temporaries(), [])
            self.succeed(*command)
            self.assertTrue(self.same_bytes(out, whole))
        self.assertGreater(failures, 10)

    # Limits of the process

    def limited(self, limit, value, *arguments, **options):
        def set_limit():
            resource.setrlimit(limit, (value, value))
        return subprocess.run(harness.command(arguments), env=harness.environment(), capture_output=True, check=False,
                              preexec_fn=set_limit, timeout=harness.TIMEOUT, **options)

    def test_the_limit_of_the_file_size_is_an_error(self):
        pathlib.Path("p").write_text("old")
        pathlib.Path("t").write_text("old")
        data = ["--data", self.dir / "many.csv", "--out"]
        for command in (["predict", "model", *data, "p"], ["trace", "model", *data, "t"]):
            done = self.limited(resource.RLIMIT_FSIZE, 4096, *command)
            self.check_error(done, IO, f"cannot write {command[-1]}: file too large")
            self.assertEqual(pathlib.Path(command[-1]).read_text(), "old")
        done = self.limited(resource.RLIMIT_FSIZE, 4096, "synth", "log")
        self.check_error(done, IO, r"cannot write log/train\.csv: file too large")
        self.assertEqual(os.listdir("log"), [])
        with open("table", "wb") as table:
            done = subprocess.run(harness.command(["inspect", "model"]), stdout=table, stderr=subprocess.PIPE, check=False,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16)))
        self.check_error(done, IO, "cannot write standard output: file too large")
        self.assertEqual(self.temporaries(), [])

    def test_a_training_that_meets_the_limit_of_the_file_size_goes_on_later(self):
        four = ["--set", "train.epochs=4", "--set", "train.checkpoint_seconds=0"]
        want, arguments = self.whole(*four), self.train(*four, "--resume")
        met = set()
        for limit in (64, 512, 2048, 4096, 8192):
            done = self.limited(resource.RLIMIT_FSIZE, limit, *arguments)
            if done.returncode == 0:
                continue
            self.check_error(done, IO, r"cannot write \S+: file too large")
            met.add(done.stderr.split()[3])
            self.assertEqual(self.temporaries(), [])
        self.assertGreaterEqual(len(met), 2, met)
        self.succeed(*arguments)
        self.assertTrue(self.same_bytes("m", want))
        self.assertTrue(all(isinstance(line, dict) for line in self.log_lines()))

    @without_sanitizer
    def test_the_limit_of_the_address_space_is_an_error(self):
        want = self.whole()
        arguments = self.train("--resume")
        for megabytes in (10, 14, 18, 22, 26, 30):
            done = self.limited(resource.RLIMIT_AS, megabytes << 20, *arguments)
            if done.returncode == 127:  # not even the loader had room
                continue
            if done.returncode != 0:
                self.check_error(done, MEMORY, ".")
            else:
                self.assertTrue(self.same_bytes("m", want))
            self.assertEqual(self.temporaries(), [])
        self.succeed(*arguments)
        self.assertTrue(self.same_bytes("m", want))

    # What cannot be replaced

    def as_nobody(self, *arguments):
        def become_nobody():
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        return subprocess.run(harness.command(arguments), env=harness.environment(), capture_output=True, check=False,
                              preexec_fn=become_nobody, timeout=harness.TIMEOUT)

    @as_root
    def test_a_directory_one_may_not_write_to(self):
        for directory in (self.dir, self.at):
            directory.chmod(0o755)
        self.succeed("predict", "model", "--data", "good.csv", "--out", "want")
        os.mkdir("fixed")
        for name, mode in (("p", 0o666), ("t", 0o666), ("m", 0o666), ("kept", 0o644)):
            pathlib.Path("fixed", name).write_text("old " * 5000)
            os.chmod(f"fixed/{name}", mode)
        done = self.as_nobody("predict", "model", "--data", "good.csv", "--out", "fixed/p")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(pathlib.Path("fixed/p").read_bytes(), pathlib.Path("want").read_bytes())
        done = self.as_nobody("trace", "model", "--data", "good.csv", "--out", "fixed/t")
        self.assertEqual(done.returncode, 0, done.stderr)
        harness.read_tensors("fixed/t")
        for name in ("fixed/kept", "fixed/new"):
            self.check_error(self.as_nobody("predict", "model", "--data", "good.csv", "--out", name), IO,
                             f"cannot write {name}: permission denied")
        done = self.as_nobody(*self.train("--cache", "/nowhere", out="fixed/m"))
        self.check_error(done, IO, "cannot write fixed/m: permission denied")
        self.assertEqual(pathlib.Path("fixed/m").read_text(), "old " * 5000)
        # A sticky directory: one may write another's file, but not replace it.
        os.chmod("fixed", 0o1777)
        done = self.as_nobody("predict", "model", "--data", "good.csv", "--out", "fixed/p")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(pathlib.Path("fixed/p").read_bytes(), pathlib.Path("want").read_bytes())
        done = self.as_nobody(*self.train("--cache", "/nowhere", out="fixed/m"))
        self.check_error(done, IO, "cannot write fixed/m: operation not permitted")
        self.assertEqual(sorted(os.listdir("fixed")), ["kept", "m", "p", "t"])

    @with_mounts
    def test_a_file_mounted_by_itself(self):
        self.succeed("predict", "model", "--data", "good.csv", "--out", "want")
        for length in (0, 5, 100000):
            for name in ("a", "p"):
                pathlib.Path(name).write_text("x" * length)
            inside = 'mount --bind a p && exec "$@"'
            done = subprocess.run(["unshare", "-Urm", "sh", "-c", inside, "sh", *harness.command(
                ["predict", "model", "--data", "good.csv", "--out", "p"])], env=harness.environment(), capture_output=True,
                                  check=False)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(pathlib.Path("a").read_bytes(), pathlib.Path("want").read_bytes())
        bad = self.write(self.at / "bad.csv", (self.at / "good.csv").read_bytes() + b"1,2\n")
        done = subprocess.run(["unshare", "-Urm", "sh", "-c", inside, "sh", *harness.command(
            ["predict", "model", "--data", bad, "--out", "p"])], env=harness.environment(), capture_output=True, check=False)
        self.check_error(done, 3, "bad.csv:66")
        self.assertEqual(pathlib.Path("a").read_bytes(), pathlib.Path("want").read_bytes())
        for target in ("m", "m.checkpoint"):
            pathlib.Path(target).write_text("")
            done = subprocess.run(["unshare", "-Urm", "sh", "-c", f'mount --bind a {target} && exec "$@"', "sh",
                                   *harness.command(self.train("--restart"))], env=harness.environment(), capture_output=True,
                                  check=False)
            self.check_error(done, IO, rf"cannot write {target}: it is mounted by itself")
            self.assertFalse(os.path.exists("m.cache") or os.path.exists("m.jsonl"))
        self.assertEqual(self.temporaries(), [])


if __name__ == "__main__":
    unittest.main()

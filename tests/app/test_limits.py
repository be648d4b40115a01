"""The limits of the process, and outputs that may be written but not replaced."""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import unittest

import harness
from harness import ENDLESS, FilesTest, small_csv, small_rows

DATA, IO, MEMORY = 3, 5, 6
NOBODY = 65534
OLD = "old " * 5000


def may_mount():
    tool = shutil.which("unshare")
    test = [tool, "-Urm", "sh", "-c", "mount -t tmpfs none /tmp"]
    return tool is not None and subprocess.run(test, capture_output=True, check=False).returncode == 0


def limit(what, soft, hard=None):
    return lambda: resource.setrlimit(what, (soft, soft if hard is None else hard))


def become_nobody():
    os.setgid(NOBODY)
    os.setuid(NOBODY)


class Limits(FilesTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls("setUp").write("many.csv", small_csv(small_rows(20000)))

    def run_with(self, before, *arguments, **options):
        return self.outcome(harness.command(arguments), before, **options)

    def check_content(self, path, text):
        self.assertTrue(pathlib.Path(path).read_bytes() == text.encode(), path)

    # Limits

    def test_file_size(self):
        small, data = limit(resource.RLIMIT_FSIZE, 4096), ["--data", self.dir / "many.csv"]
        for command in ("predict", "trace"):
            pathlib.Path("out").write_text(OLD)
            done = self.run_with(small, command, "model", *data, "--out", "out")
            self.check_error(done, IO, "cannot write out: file too large")
            self.check_content("out", OLD)
        self.check_error(self.run_with(small, "synth", "log"), IO, r"cannot write log/train\.csv: file too large")
        self.assertEqual(os.listdir("log"), [])
        with open("table", "wb") as table:
            done = self.run_with(limit(resource.RLIMIT_FSIZE, 16), "inspect", "model", stdout=table)
        self.check_error(done, IO, "cannot write standard output: file too large")
        self.assertEqual(self.temporaries(), [])

    def test_a_training_that_met_the_limit_of_the_file_size_goes_on(self):
        four = ["--set", "train.epochs=4", "--set", "train.checkpoint_seconds=0"]
        want, arguments = self.whole(*four), self.training(*four, "--resume")
        met = set()
        for size in (64, 512, 2048, 4096, 8192):
            done = self.run_with(limit(resource.RLIMIT_FSIZE, size), *arguments)
            self.check_error(done, IO, r"cannot write \S+: file too large")
            met.add(done.stderr.split()[3])
            self.assertEqual(self.temporaries(), [])
        self.assertGreaterEqual(len(met), 2, met)
        self.succeed(*arguments)
        self.assertTrue(self.same_bytes("m", want))

    @unittest.skipIf(any(f"{name}_OPTIONS" in os.environ for name in ("ASAN", "TSAN")), "a sanitizer needs far more")
    def test_address_space(self):
        want, refused = self.whole(), 0
        for kilobytes in range(4096, 65536, 512):
            done = self.run_with(limit(resource.RLIMIT_AS, kilobytes << 10), *self.training("--resume"))
            if done.returncode == 0:
                break
            self.assertEqual(self.temporaries(), [])
            if refused > 0 or done.returncode == MEMORY:  # else not even the loader had room
                self.check_error(done, MEMORY, ".")
                refused += 1
        self.assertGreater(refused, 0)
        self.assertTrue(self.same_bytes("m", want))

    def test_open_files(self):
        want = self.whole()
        for files in range(4, 32):
            done = self.run_with(limit(resource.RLIMIT_NOFILE, files), *self.training("--resume"))
            if done.returncode == 0:
                break
            self.check_error(done, IO, "too many open files")
            self.assertEqual(self.temporaries(), [])
        self.assertGreater(files, 4)
        self.assertTrue(self.same_bytes("m", want))

    def test_a_small_stack_is_enough(self):
        want = self.whole()
        done = self.run_with(limit(resource.RLIMIT_STACK, 512 << 10), *self.training(threads=4))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(self.same_bytes("m", want))

    def test_processor_time(self):
        with self.started(*self.training(*ENDLESS), preexec_fn=limit(resource.RLIMIT_CPU, 1, 30),
                          stderr=subprocess.PIPE) as process:
            _, err = process.communicate(timeout=harness.TIMEOUT)
        self.assertEqual(process.returncode, 128 + signal.SIGXCPU)
        self.assertRegex(err, rb"error: stopped by SIGXCPU, .*, a checkpoint is saved\nhelp: .*--resume")

    @unittest.skipUnless(os.geteuid() == 0, "becomes another user, since this limit binds no root")
    @unittest.skipIf("TSAN_OPTIONS" in os.environ, "the sanitizer needs a thread of its own")
    def test_threads(self):
        def alone():
            become_nobody()
            resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))

        for directory in (self.dir, self.at):
            directory.chmod(0o755)
        predict = ["predict", "model", "--data", self.dir / "many.csv", "--out", "-", "--threads"]
        want = self.succeed(*predict, 1).stdout
        try:
            done = self.run_with(alone, *map(str, predict), "4")
        except PermissionError:
            self.skipTest("the program lies where no other user may run it")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout == want)

    # What cannot be replaced

    @unittest.skipUnless(os.geteuid() == 0, "becomes another user, which only root can")
    def test_a_directory_one_may_not_write_to(self):
        for directory in (self.dir, self.at):
            directory.chmod(0o755)
        os.mkdir("fixed")
        for name, mode in (("p", 0o666), ("t", 0o666), ("m", 0o666), ("kept", 0o644)):
            pathlib.Path("fixed", name).write_text(OLD)
            os.chmod(f"fixed/{name}", mode)
        self.succeed("predict", "model", "--data", "good.csv", "--out", "want")
        predict = ["predict", "model", "--data", "good.csv", "--out"]
        try:
            self.assertEqual(self.run_with(become_nobody, *predict, "fixed/p").returncode, 0)
        except PermissionError:
            self.skipTest("the program lies where no other user may run it")
        self.assertTrue(self.same_bytes("fixed/p", "want"))
        done = self.run_with(become_nobody, "trace", "model", "--data", "good.csv", "--out", "fixed/t")
        self.assertEqual(done.returncode, 0, done.stderr)
        harness.read_tensors("fixed/t")
        for name in ("fixed/kept", "fixed/new"):
            self.check_error(self.run_with(become_nobody, *predict, name), IO, f"cannot write {name}: permission denied")
        train = self.training("--cache", "/nowhere", out="fixed/m")
        self.check_error(self.run_with(become_nobody, *train), IO, "cannot write fixed/m: permission denied")

        os.chmod("fixed", 0o1777)  # sticky: one may write another's file, but not replace it
        pathlib.Path("fixed/p").write_text(OLD)
        self.assertEqual(self.run_with(become_nobody, *predict, "fixed/p").returncode, 0)
        self.assertTrue(self.same_bytes("fixed/p", "want"))
        self.check_error(self.run_with(become_nobody, *train), IO, "cannot write fixed/m: operation not permitted")
        self.check_content("fixed/m", OLD)
        self.assertEqual(sorted(os.listdir("fixed")), ["kept", "m", "p", "t"])

    @unittest.skipUnless(may_mount(), "needs unshare, and user namespaces that may mount")
    def test_a_file_mounted_by_itself(self):
        def run_mounted(target, *arguments):
            inside = f'mount --bind real {target} && exec "$@"'
            return self.outcome(["unshare", "-Urm", "sh", "-c", inside, "sh", *harness.command(arguments)])

        self.succeed("predict", "model", "--data", "good.csv", "--out", "want")
        for old in ("", "old", OLD):
            pathlib.Path("p").write_text("")
            pathlib.Path("real").write_text(old)
            done = run_mounted("p", "predict", "model", "--data", "good.csv", "--out", "p")
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertTrue(self.same_bytes("real", "want"))
        done = run_mounted("p", "trace", "model", "--data", "good.csv", "--out", "p")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        harness.read_tensors("real")

        pathlib.Path("real").write_text(OLD)
        pathlib.Path("bad.csv").write_text(pathlib.Path("good.csv").read_text() + "1,2\n")
        done = run_mounted("p", "predict", "model", "--data", "bad.csv", "--out", "p", "--batch", "1")
        self.check_error(done, DATA, r"bad\.csv:66")
        self.check_content("real", OLD)
        for target in ("m", "m.checkpoint"):
            pathlib.Path(target).write_text("")
            done = run_mounted(target, *self.training("--restart"))
            self.check_error(done, IO, rf"cannot write {target}: it is mounted by itself")
            self.assertFalse(os.path.exists("m.cache") or os.path.exists("m.jsonl"))
        self.check_content("real", OLD)
        self.assertEqual(self.temporaries(), [])


if __name__ == "__main__":
    unittest.main()

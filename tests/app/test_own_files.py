"""No command writes over a file that it reads, by whatever name, nor over one that is not its own."""

import os
import pathlib
import shutil
import subprocess
import unittest

import harness
from harness import FilesTest, run, small_csv, small_rows

USAGE, IO = 2, 5


class OwnFiles(FilesTest):
    def contents(self):
        """Of every file, and the names of all else."""
        return {path: path.read_bytes() if path.is_file() else None for path in pathlib.Path(".").rglob("*")}

    def refuses(self, pattern, *arguments, code=USAGE, **options):
        before = self.contents()
        self.check_error(run(*arguments, **options), code, pattern)
        self.assertEqual(self.contents(), before)

    def names_of(self, path):
        """Other names of a file, each with what removes it again."""
        pathlib.Path("symbolic").symlink_to(path)
        pathlib.Path("chain").symlink_to("symbolic")
        os.link(path, "hard")
        pathlib.Path("here").symlink_to(".")
        for name in (path, f"./{path}", os.path.abspath(path), "symbolic", "chain", "hard", f"here/{path}"):
            yield name
        for name in ("symbolic", "chain", "hard", "here"):
            os.unlink(name)

    def test_predict_and_trace(self):
        for command in ("predict", "trace"):
            for read in ("good.csv", "model"):
                for name in self.names_of(read):
                    with self.subTest(command=command, out=name, read=read):
                        self.refuses(rf"the (predictions|trace) to write is the file to read .*{read}", command,
                                     "model", "--data", "good.csv", "--out", name)

    def test_predict_of_several_files(self):
        shutil.copy("good.csv", "second.csv")
        self.refuses(r"the predictions to write is the file to read second\.csv", "predict", "model", "--data", "good.csv",
                     "second.csv", "--out", "second.csv")

    def test_standard_streams_may_be_files(self):
        with open("good.csv", "rb") as data:
            done = subprocess.run(harness.command(["predict", "model", "--data", "-", "--out", "good.csv"]), stdin=data,
                                  capture_output=True, check=False)
        self.check_error(done, USAGE, "good.csv: the predictions to write is the file to read standard input")
        before = self.contents()
        with open("good.csv", "ab") as appended:
            done = run("predict", "model", "--data", "good.csv", "--out", "-", stdout=appended)
        self.check_error(done, USAGE, r"standard output: the predictions to write is the file to read .*good\.csv")
        with open("good.csv", "ab") as appended:
            done = run("predict", "model", "--data", "good.csv", "--out", "/dev/stdout", stdout=appended)
        self.check_error(done, USAGE, "the predictions to write is the file to read")
        self.assertEqual(self.contents(), before)
        # Devices hold nothing that could be lost.
        done = run("predict", "model", "--data", "/dev/null", "--out", "/dev/null")
        self.check_error(done, 3, "/dev/null")

    def test_train(self):
        for i, read in enumerate(("config.json", "good.csv", "valid.csv")):
            for name in self.names_of(read):
                with self.subTest(model=name, read=read):
                    self.refuses(f"the model to write is the file to read {read}", *self.training(out=name))
            for companion, what in ((".jsonl", "log"), (".checkpoint", "checkpoint"), ("", "model")):
                with self.subTest(companion=companion, read=read):
                    names = ["config.json", "good.csv", "valid.csv"]
                    names[i] = f"taken{companion}"
                    os.rename(read, names[i])
                    self.refuses(f"the {what} to write is the file to read {names[i]}",
                                 *self.training("--restart", out="taken", read=names))
                    os.rename(names[i], read)
                    os.symlink(read, f"taken{companion}")
                    self.refuses(f"the {what} to write is the file to read {read}",
                                 *self.training("--resume", out="taken"))
                    os.unlink(f"taken{companion}")

    def test_what_train_writes_is_several_files(self):
        for link, target in (("m.jsonl", "m"), ("m.checkpoint", "m"), ("m.jsonl", "m.checkpoint"), ("m", "m.jsonl")):
            with self.subTest(link=link, target=target):
                os.symlink(target, link)  # to nothing yet
                self.refuses("to write is also the ", *self.training())
                os.unlink(link)
        for cache in ("m/cache", "m.jsonl/cache", "m.checkpoint/x/y"):
            self.refuses("the cache to write would lie in the ", *self.training("--cache", cache))
        for cache in ("good.csv", "config.json", "m", "m.jsonl", "model"):
            with self.subTest(cache=cache):
                out = "model" if cache == "model" else "m"
                self.refuses("the cache to write is ", *self.training("--cache", cache, out=out))

    def test_the_cache_is_not_the_data(self):
        self.succeed(*self.training("--cache", "cache"))
        for entry in pathlib.Path("cache").iterdir():
            for make in (os.symlink, os.link):
                with self.subTest(entry=entry.name, make=make.__name__):
                    kept = entry.read_bytes()
                    entry.unlink()
                    make(os.path.abspath("good.csv"), entry)
                    self.refuses("the cache to write is the file to read good.csv", *self.training("--cache", "cache"))
                    self.refuses("the cache to write is the file to read .*rows",
                                 *self.training("--cache", "cache", read=("config.json", entry, "valid.csv")))
                    entry.unlink()
                    entry.write_bytes(kept)
        # Other data may lie in the directory of the cache.
        self.succeed(*self.training("--cache", "."))

    def test_data_that_looks_like_something_left_behind(self):
        name = ".m.dcrnn-999999999-0.tmp"
        os.rename("good.csv", name)
        before = pathlib.Path(name).read_bytes()
        self.succeed(*self.training(read=("config.json", name, "valid.csv")))
        self.assertEqual(pathlib.Path(name).read_bytes(), before)
        lock = ".m.dcrnn-lock"
        os.rename(name, lock)
        self.refuses("the lock to write is the file to read", *self.training(read=("config.json", lock, "valid.csv")))
        os.rename(lock, "good.csv")
        self.write_here(lock, "a file of somebody else")
        self.refuses("is not a lock of dcrnn", *self.training(), code=IO)

    def write_here(self, name, text):
        pathlib.Path(name).write_text(text)

    def test_a_log_of_something_else_is_kept(self):
        self.write_here("m.jsonl", '{"somebody": "else"}\n')
        for flags in ([], ["--resume"], ["--restart"]):
            self.refuses(r"m\.jsonl: the log would be written here, and this is none", *self.training(*flags))
        self.write_here("m.jsonl", "")
        self.succeed(*self.training())
        self.succeed(*self.training())  # over its own

    def test_synth(self):
        synth = ["synth", "log", "--rows", "64"]
        self.succeed(*synth)
        self.succeed(*synth, "--seed", "2")  # over its own
        config = pathlib.Path("log/config.json")
        own = config.read_text()
        for name, text in (("config.json", own.replace('"dim": 8', '"dim": 9')), ("config.json", "{}"),
                           ("config.json", own + " "), ("train.csv", small_csv(small_rows())),
                           ("valid.csv", "a,b\n1,2\n"), ("test.csv", "\n")):
            with self.subTest(name, text=text[:20]):
                path = pathlib.Path("log", name)
                kept = path.read_bytes()
                path.write_text(text)
                self.refuses(rf"log/{name}: there already, and not as synth writes it", *synth)
                path.write_bytes(kept)
        os.unlink("log/valid.csv")
        for make in (os.link, lambda target, name: os.symlink(os.path.abspath(target), name)):
            make("log/train.csv", "log/valid.csv")
            self.refuses("to write is also the file", *synth)
            os.unlink("log/valid.csv")
        os.symlink(os.path.abspath("good.csv"), "log/valid.csv")
        self.refuses(r"log/valid\.csv: there already, and not as synth writes it", *synth)

    def test_what_writes_nothing_writes_nothing(self):
        before = self.contents()
        self.succeed("eval", "model", "--data", "good.csv")
        self.succeed("inspect", "model")
        self.succeed("gradcheck", "config.json", "--rows", "2", "--elements", "1")
        self.assertEqual(self.contents(), before)


if __name__ == "__main__":
    unittest.main()

"""The commands of the hour in docs/README.md print what stands below them."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"<!--run( in a copy)?-->\n```console\n(.*?)```", re.DOTALL)


def steps_of(block):
    """[(command, the lines that it prints)]"""
    steps = []
    for line in block.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    return steps


def pattern_of(lines):
    """Of what is printed: "..." stands for any lines."""
    return re.compile(r"\A" + "".join("(?:.*\n)*?" if line == "..." else re.escape(line) + r"\n" for line in lines) + r"\Z")


class HourTest(unittest.TestCase):
    def test_commands(self):
        blocks = BLOCK.findall((ROOT / "docs/README.md").read_text())
        self.assertGreaterEqual(len(blocks), 3)
        with tempfile.TemporaryDirectory(prefix="dcrnn-hour-") as directory:
            for name in ("tests", "model", "scripts", "docs"):
                copied = name == "model"
                (shutil.copytree if copied else os.symlink)(ROOT / name, pathlib.Path(directory) / name)
            program = pathlib.Path(directory) / "dcrnn"
            program.symlink_to(os.environ["DCRNN_APP"])
            environment = {**os.environ, "PATH": f"{directory}:{os.environ['PATH']}"}
            for _, block in blocks:
                for command, lines in steps_of(block):
                    with self.subTest(command):
                        done = subprocess.run(["bash", "-c", command], cwd=directory, env=environment, text=True,
                                              capture_output=True, check=False)
                        self.assertEqual(done.returncode, 0, done.stderr)
                        self.assertRegex(done.stdout, pattern_of(lines))


if __name__ == "__main__":
    unittest.main()

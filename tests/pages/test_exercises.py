"""The exercises of docs/exercises.md are those that scripts/plant.py plants."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import plant  # noqa: E402


class ExercisesTest(unittest.TestCase):
    def test_answers(self):
        page = (ROOT / "docs/exercises.md").read_text()
        known = plant.faults()
        self.assertIn(f"N from 1 to {len(known)}", page)
        guided = re.split(r"^### Fault (\d+): ", page, flags=re.MULTILINE)[1:]
        self.assertEqual(len(guided), 10)
        for number, text in zip(guided[::2], guided[1::2]):
            with self.subTest(number):
                _, _, original, faulty, _, _ = known[int(number) - 1]
                shown = re.search(r"```diff\n(.*?)```", text, re.DOTALL).group(1)
                lines = [line for line in shown.splitlines() if line]
                self.assertEqual([line[1:] for line in lines if line[0] == "-"], original.splitlines()[:1])
                self.assertEqual([line[1:] for line in lines if line[0] == "+"], faulty.splitlines()[:1])

    def test_every_fault_can_be_planted(self):
        for number, (words, file, original, faulty, tensor, config) in enumerate(plant.faults(), 1):
            with self.subTest(f"{number}: {words}"):
                self.assertEqual((ROOT / file).read_text().count(original), 1)
                self.assertNotEqual(original, faulty)
                self.assertTrue(tensor and config["fields"])

    def test_a_copy_has_the_fault(self):
        with tempfile.TemporaryDirectory() as directory:
            subprocess.run([sys.executable, ROOT / "scripts/plant.py", "1", directory], check=True)
            _, file, original, faulty, _, _ = plant.faults()[0]
            text = (pathlib.Path(directory) / file).read_text()
            self.assertIn(faulty, text)
            self.assertNotIn(original, text)
            self.assertTrue((pathlib.Path(directory) / "fault.json").exists())
            wrong = subprocess.run([sys.executable, ROOT / "scripts/plant.py", "999", directory], capture_output=True,
                                   text=True, check=False)
            self.assertRegex(wrong.stderr, "^error: found 999, want the number of a fault")


if __name__ == "__main__":
    unittest.main()

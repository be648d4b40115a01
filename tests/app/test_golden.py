"""`dcrnn trace` against the golden cases, with every instruction set of this processor and in double.

Through the program, its options --isa and --precision, and a reader of its files that shares no code with it;
tests/api/test_golden.cpp asks the library for the same numbers.
"""

import math
import pathlib
import unittest

import harness
from harness import CommandLineTest, read_tensors

CASES = pathlib.Path(__file__).parent.parent / "golden"
FLOAT_TOLERANCE, DOUBLE_TOLERANCE = 2e-5, 1e-12


class Golden(CommandLineTest):
    def compare(self, got_path, want_path, dtype, tolerance):
        got, want = read_tensors(got_path)[1], read_tensors(want_path)[1]
        self.assertEqual(sorted(got), sorted(want))
        for name, (_, want_shape, want_values) in want.items():
            got_dtype, got_shape, got_values = got[name]
            self.assertEqual((name, got_dtype, got_shape), (name, dtype, want_shape))
            allowed = tolerance * max(map(abs, want_values), default=0)
            for index, (g, w) in enumerate(zip(got_values, want_values)):
                if not (math.isfinite(g) and abs(g - w) <= allowed):
                    self.fail(f"{name}[{index}]: got {g!r}, want {w!r} within {allowed}")

    def test_cases(self):
        cases = sorted(path for path in CASES.iterdir() if (path / "model.safetensors").exists())
        self.assertGreaterEqual(len(cases), 19)
        ways = [("f64", "reference", "F64", DOUBLE_TOLERANCE)]
        ways += [("f32", isa, "F32", FLOAT_TOLERANCE) for isa in harness.instruction_sets()]
        out = self.dir / "trace"
        for case in cases:
            for precision, isa, dtype, tolerance in ways:
                with self.subTest(f"{case.name} {precision} {isa}"):
                    self.succeed("trace", case / "model.safetensors", "--data", case / "rows.csv", "--out", out,
                                 "--precision", precision, "--isa", isa)
                    self.compare(out, case / "expected.safetensors", dtype, tolerance)


if __name__ == "__main__":
    unittest.main()

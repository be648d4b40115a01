"""What the test of the pages would notice: a line with a slip of the pen gives a wrong number or shape.

A share of all slips; with DCRNN_CAMPAIGN set, all of them. Those that go unnoticed are listed with the reason.
"""

import collections
import os
import re
import unittest

import numpy as np

from grammar import PageError, Unknown
from mutations import mutations_of
from test_pages import all_pages, run_case

SHARE = 1 if os.environ.get("DCRNN_CAMPAIGN") else 60

# Why a slip says the same: a pattern of line and slip, and the reason.
REASONS = [
    (r"h = x0: name|y_t = v_t: name", "one value has both names there"),
    (r"relu\(\w+\): name", "relu of its own result is that result"),
    (r"(dtotal|dL_t) left out", "the derivative of the total by itself is 1"),
    (r"= 0: sign", "-0 is 0"),
    (r"^w_t' = .*sign: right side", "weights of a mean, all turned, are weights of the same mean"),
    (r"name: (q_t|total) -> ", "a name that nothing reads; another line says the value"),
]


def is_noticed(page, models):
    """Whether a page fails on one of the models; None where a name says nothing there, so that it cannot be read."""
    for model in models:
        try:
            run_case(page, model)
        except Unknown:
            return None
        except PageError:
            return True
    return False


class MutationsTest(unittest.TestCase):
    def test_slips_are_noticed(self):
        np.seterr(all="ignore")
        counts, unnoticed = collections.Counter(), []
        for path, page in all_pages().pages.items():
            ran = [(model, {key for run in run_case(page, model) for key in run.executed})
                   for _, at, _, model in all_pages().cases if at == path]
            ran.sort(key=lambda pair: pair[0].T * len(pair[0].parameters))  # small ones first
            for mutation in list(mutations_of(page))[::SHARE]:
                line = mutation.statement
                models = [model for model, executed in ran if line.key() in executed]
                noticed = is_noticed(page.with_line(mutation.index, line), models)
                counts[mutation.kind, noticed] += 1
                if noticed is False:
                    slip = f"{line.text}: {mutation.kind}: {mutation.what}"
                    reason = next((why for pattern, why in REASONS if re.search(pattern, slip)), "NO REASON KNOWN")
                    unnoticed.append(f"{line.place()}: {slip} ({reason})")
        caught = sum(n for (_, noticed), n in counts.items() if noticed)
        print(f"\n{caught} of {caught + len(unnoticed)} slips noticed, {sum(counts.values())} tried:")
        for kind in sorted({kind for kind, _ in counts}):
            print(f"{kind}: {counts[kind, True]} noticed, {counts[kind, False]} not, {counts[kind, None]} unreadable")
        print("\n".join(unnoticed))
        self.assertEqual([slip for slip in unnoticed if "NO REASON KNOWN" in slip], [])
        self.assertGreaterEqual(caught, 0.97 * (caught + len(unnoticed)))


if __name__ == "__main__":
    unittest.main()

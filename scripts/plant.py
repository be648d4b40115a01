#!/usr/bin/env python3
"""Plants one of the faults of tests/model in a copy of its header, for scripts/fault.sh.

    plant.py            how many there are
    plant.py N DIR      writes to DIR the header that has fault N, where it stands in the sources, and fault.json, a config
                        that shows it
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FAULTS = ROOT / "tests/model/faults"
QUOTED = r'(\[\[.*?\]\]|"(?:[^"\\]|\\.)*")'
KERNEL = re.compile(rf"^plant\({QUOTED}\s+(\S+)\s+{QUOTED}\s+{QUOTED}\s+{QUOTED}\s+k(\w+)\)", re.MULTILINE | re.DOTALL)
LAYER = re.compile(r"^//   fault  (.+)\n//   -      (.+)\n//   \+      (.+)\n//   finds  (\S+) with (\{.*\})$", re.MULTILINE)
HEADER = re.compile(r"^// Planted in (model/layers/\w+\.hpp):$", re.MULTILINE)


def unquoted(text):
    """What a quoted argument of CMake says."""
    return text[2:-2] if text.startswith("[[") else text[1:-1].replace("\\n", "\n").replace('\\"', '"')


def faults():
    """[(words, file, original, faulty, tensor, config)], those of kernels first."""
    found = []
    for words, header, original, faulty, tensor, config in KERNEL.findall((FAULTS / "faults.cmake").read_text()):
        found.append((unquoted(words), "kernels/reference/" + header, unquoted(original), unquoted(faulty), unquoted(tensor),
                      json.loads((FAULTS / f"{config.lower()}.json").read_text())))
    base = json.loads((FAULTS / "layers.json").read_text())
    for test in sorted((ROOT / "tests/model").glob("test_*.cpp")):
        for part in re.split(r"(?=^// Planted in)", test.read_text(), flags=re.MULTILINE)[1:]:
            header = HEADER.match(part)
            for words, original, faulty, tensor, changes in LAYER.findall(part):
                found.append((words, header.group(1), original, faulty, tensor, {**base, **json.loads(changes)}))
    return found


def main():
    known = faults()
    if len(sys.argv) == 1:
        print(len(known))
        return
    number, to = sys.argv[1], pathlib.Path(sys.argv[2])
    if not number.isdigit() or not 1 <= int(number) <= len(known):
        sys.exit(f"error: found {number}, want the number of a fault, 1 to {len(known)}\nhelp: docs/exercises.md begins with five")
    _, file, original, faulty, _, config = known[int(number) - 1]
    text = (ROOT / file).read_text()
    if text.count(original) != 1:
        sys.exit(f"error: what fault {number} replaces does not stand in {file} exactly once")
    (to / file).parent.mkdir(parents=True, exist_ok=True)
    (to / file).write_text(text.replace(original, faulty))
    (to / "fault.json").write_text(json.dumps(config, indent=1) + "\n")


if __name__ == "__main__":
    main()

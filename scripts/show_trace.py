#!/usr/bin/env python3
"""Prints what a model or a trace holds: all names with their shapes, or the numbers of one tensor, a row a line.

    scripts/show_trace.py FILE [NAME]
"""
import json
import struct
import sys

CODES = {"F32": "f", "F64": "d", "U64": "Q", "U8": "B"}


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    if len(sys.argv) == 2:
        for name, entry in header.items():
            print(name, entry["shape"])
        return
    if sys.argv[2] not in header:
        sys.exit(f"error: {sys.argv[1]} has no tensor {sys.argv[2]}\nhelp: without a name all are listed")
    entry = header[sys.argv[2]]
    begin, end = (8 + size + offset for offset in entry["data_offsets"])
    values = [value for (value,) in struct.iter_unpack("<" + CODES[entry["dtype"]], data[begin:end])]
    width = entry["shape"][-1] if entry["shape"] else 1
    for at in range(0, len(values), max(width, 1)):
        print(*(f"{value:.6f}" for value in values[at:at + width]))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""run.py PEER LOG --data DIR --seed N --out DIR: trains a peer on a log, and writes what that took and gave to
DIR/<log>.<peer>.<seed>.json, its predictions of the test rows beside it."""
import argparse
import importlib
import json
import os
import time

import common


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer")
    parser.add_argument("log", choices=common.CONFIGS)
    parser.add_argument("--data", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    log = common.Log(options.data, options.log)
    path = os.path.join(options.out, f"{options.log}.{options.peer}.{options.seed}")
    result = {"peer": options.peer, "log": options.log, "seed": options.seed}
    try:
        peer = importlib.import_module(options.peer + "_peer")
        result["version"] = peer.VERSION()
        cpu, wall = common.cpu_seconds(), time.perf_counter()
        score = peer.train(log, options.seed)
        result.update(cpu_seconds=common.cpu_seconds() - cpu, seconds=time.perf_counter() - wall,
                      peak_MB=common.peak_megabytes())
        p = score(log.test)
        result["tasks"] = common.quality(log, p)
        common.write_predictions(path + ".csv", log, p)
        result["row_us"] = common.median_microseconds(score.one(log.test[:1]))
    except Exception as error:  # a peer that does not run is a row that says why
        result["error"] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    with open(path + ".json", "w") as file:
        json.dump(result, file, indent=1)
    print(json.dumps(result))


if __name__ == "__main__":
    main()

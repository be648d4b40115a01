#!/usr/bin/env bash
# The main job from end to end, on a made-up click -> consume log: train, measure, predict.
# Arguments go to `dcrnn train`, e.g. --set train.epochs=2.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need "${PACKAGES[@]}"
build release
dcrnn=build/release/bin/dcrnn
demo=build/demo
show $dcrnn --version
show $dcrnn synth $demo
show $dcrnn train $demo/config.json --train $demo/train.csv --valid $demo/valid.csv --out $demo/model.safetensors --restart "$@"
show $dcrnn eval $demo/model.safetensors --data $demo/test.csv
show $dcrnn predict $demo/model.safetensors --data $demo/test.csv --out $demo/predictions.csv
show head -n 4 $demo/predictions.csv

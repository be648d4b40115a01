#!/usr/bin/env bash
# Trains the libraries that people use today on real logs, beside this engine, and writes docs/peers.md and the table of
# README.md. Run it on a machine with nothing else to do.
#   --data DIR      folder with census, hillstrom and kuairand (default $DCRNN_DATA)
#   --peers a,b     which ones (default all)
#   --logs a,b      on which logs (default all)
#   --seeds N       seeds each (default 3)
#   --out DIR       where results and predictions go (default build/peers); what is there already is kept
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

data=${DCRNN_DATA:-}
peers=dcrnn,xgboost,lightgbm,rechub,deepctr
logs=hillstrom,kuairand,census
seeds=3
out=build/peers
while [ $# -gt 0 ]; do
  case "$1" in
    --data) data=$2 ;;
    --peers) peers=$2 ;;
    --logs) logs=$2 ;;
    --seeds) seeds=$2 ;;
    --out) out=$2 ;;
    *) echo "usage: scripts/peers.sh --data DIR [--peers a,b] [--logs a,b] [--seeds N] [--out DIR]" >&2; exit 2 ;;
  esac
  shift 2
done
[ -d "$data" ] || { echo "scripts/peers.sh: no logs; name their folder with --data or DCRNN_DATA" >&2; exit 2; }

need "${PACKAGES[@]}"
build release
python=$(torch_python)
"$python" -m pip install --quiet -r bench/models/requirements.txt
mkdir -p "$out"
for log in ${logs//,/ }; do
  for ((seed = 1; seed <= seeds; ++seed)); do
    for peer in ${peers//,/ }; do
      if [ ! -e "$out/$log.$peer.$seed.json" ]; then
        DCRNN=build/release/bin/dcrnn "$python" -B bench/models/run.py "$peer" "$log" --data "$data" --seed "$seed" \
          --out "$out" 2>"$out/$log.$peer.$seed.log"
      fi
    done
  done
done
"$python" -B bench/models/report.py "$out" --into docs/peers.md --summary README.md

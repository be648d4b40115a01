#!/usr/bin/env bash
# Find the wrong line: builds the program with fault N in its plain reference, or in a layer, and writes a config that
# shows it. What it is, docs/exercises.md asks you to find out.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

if [ $# -ne 1 ]; then
  echo "Usage: scripts/fault.sh N, N from 1 to $(python3 scripts/plant.py)" >&2
  exit 2
fi
need "${PACKAGES[@]}"
mkdir -p build/fault
python3 scripts/plant.py "$1" "build/fault/$1"  # says what is wrong with a number before anything is built
echo "Building: build/fault/log says how far it is, the first time takes minutes" >&2
cmake --preset release "-DDCRNN_FAULT=$1" >build/fault/log
cmake --build --preset release --target dcrnn_fault --parallel "$(nproc)" >>build/fault/log || {
  tail -n 30 build/fault/log >&2
  exit 1
}
cmake --preset release -DDCRNN_FAULT= >>build/fault/log
cp "build/release/fault/$1/dcrnn" "build/fault/$1/dcrnn"
cat <<END
The program:   build/fault/$1/dcrnn
A config:      build/fault/$1/fault.json

Begin with     build/fault/$1/dcrnn gradcheck build/fault/$1/fault.json --seed 3 --rows 12 --elements 0
END

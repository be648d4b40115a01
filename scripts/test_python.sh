#!/usr/bin/env bash
# Builds the wheel of the Python package and tests what it installs in a virtual environment of its own, with all that it
# works together with.
#   test_python.sh [TEST...]                builds the program and the wheel; with PyTorch (build/torch)
#   test_python.sh --built BUILD [TEST...]  takes the shared library and the program of a build; PyTorch only if build/torch
#                                           is there already
# TEST goes to unittest: test_core, test_core.Core.test_threads_at_once.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

built=build/release packages=(numpy pandas polars pyarrow scikit-learn matplotlib tqdm)
if [ "${1:-}" = --built ]; then
  built=$2
  shift 2
  DCRNN_WHEEL_LIBRARY=$(echo "$PWD/$built"/libdcrnn.so.*.*)
  export DCRNN_WHEEL_LIBRARY
  if [ -e build/torch/ready ]; then
    home=build/torch
  else
    need python3-venv
    home=build/python
    python3 -m venv $home
  fi
else
  need "${PACKAGES[@]}"
  build release
  home=$(dirname "$(dirname "$(torch_python)")")
fi
python=$PWD/$home/bin/python
show "$python" -m pip install --quiet "${packages[@]}" ||
  echo "SKIPPED: the tests with pandas, polars, pyarrow, scikit-learn and matplotlib: pip cannot install them"
rm -rf build/wheels
show "$python" -m pip wheel --quiet --no-deps --wheel-dir build/wheels ./python
show "$python" -m pip install --quiet --force-reinstall --no-deps build/wheels/*.whl
export DCRNN_APP=$PWD/$built/bin/dcrnn DCRNN_SCORE_ROWS=$PWD/$built/tests/score_rows
cd tests/python
if [ $# -gt 0 ]; then
  show "$python" -B -m unittest "$@"
else
  show "$python" -B -m unittest discover --verbose --pattern "test_*.py"
fi

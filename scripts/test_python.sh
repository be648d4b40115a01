#!/usr/bin/env bash
# Builds the wheel of the Python package, and tests what it installs with all that it works together with, in a virtual
# environment of its own (build/torch). Arguments go to unittest: scripts/test_python.sh test_core.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need "${PACKAGES[@]}"
build release
python=$PWD/$(torch_python)
show "$python" -m pip install --quiet pandas polars pyarrow scikit-learn matplotlib tqdm
show "$python" -m pip install --quiet --force-reinstall --no-deps ./python
export DCRNN_APP=$PWD/build/release/bin/dcrnn
cd tests/python
if [ $# -gt 0 ]; then
  show "$python" -B -m unittest "$@"
else
  show "$python" -B -m unittest discover --pattern "test_*.py"
fi

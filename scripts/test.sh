#!/usr/bin/env bash
# Installs what is missing, builds and runs all tests. Arguments go to cmake, e.g. -DDCRNN_WERROR=ON.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need "${PACKAGES[@]}"
build release "$@"
if show ctest --preset release --parallel "$(nproc)"; then
  printf '\nAll tests passed.\n'
else
  printf '\nSome tests failed; see above.\n' >&2
  exit 1
fi

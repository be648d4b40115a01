#!/usr/bin/env bash
# Fuzzes what reads files: models, CSV, configs, caches, checkpoints, under address and undefined-behaviour sanitizers.
#   scripts/fuzz.sh HOURS          that long for all targets together; what they find stays in build/fuzz/found
#   scripts/fuzz.sh --seconds N    N seconds for each target
#   scripts/fuzz.sh --runs N       N inputs for each target
# Inputs grow in build/fuzz/corpus from one call to the next.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

targets=(model csv config cache checkpoint)
case "${1:-}" in
  --seconds) limit=(-max_total_time="${2:?--seconds needs a number}" -seed=1) ;;  # the same inputs every time
  --runs) limit=(-runs="${2:?--runs needs a number}") ;;
  [0-9]*) limit=(-max_total_time="$(awk "BEGIN { print int($1 * 3600 * $(nproc) / ${#targets[@]}) }")") ;;
  *) echo "usage: scripts/fuzz.sh HOURS | --seconds N | --runs N" >&2; exit 2 ;;
esac

need "${PACKAGES[@]}" clang libclang-rt-dev
build fuzz
programs=build/fuzz/tests/fuzz
mkdir -p build/fuzz/found
$programs/make_corpus build/fuzz/corpus
# As many at once as there are processors. What an input of more than 64 kB finds a smaller one finds too;
# one change at a time, since a file changed five times is mostly refused for one of them.
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I {} sh -c '
  "$0"/fuzz_{} build/fuzz/corpus/{} -artifact_prefix=build/fuzz/found/{}. -max_len=65536 -mutate_depth=1 -entropic=0 -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 -verbosity=0 "$@" >build/fuzz/{}.log 2>&1 && echo "{}: $(grep -E "^(stat.*(executed|per_sec)|taken)" build/fuzz/{}.log | tr -s "\n " " ")" ||
    { cat build/fuzz/{}.log; exit 255; }' "$programs" "${limit[@]}"

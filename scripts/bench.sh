#!/usr/bin/env bash
# Measures the engine beside other libraries, all on one core (two where it says so), and writes report.md,
# report.json and roofline.svg. Run it on a machine with nothing else to do.
#   --quick      a few shapes, two minutes: does everything run and agree?
#   --steps      training steps beside PyTorch alone, a quarter of an hour
#   --table      what README's table tells, five minutes
#   --out DIR    where the report goes (default build/bench/report)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

quick=false
what=all
out=build/bench/report
while [ $# -gt 0 ]; do
  case "$1" in
    --quick) quick=true ;;
    --steps | --table) what=${1#--} ;;
    --out) out=${2:?--out needs a directory}; shift ;;
    *) echo "usage: scripts/bench.sh [--quick] [--steps | --table] [--out DIR]" >&2; exit 2 ;;
  esac
  shift
done

need "${PACKAGES[@]}" libbenchmark-dev libeigen3-dev libdnnl-dev libopenblas-dev libxsmm-dev
build bench
programs=build/bench/bench

# Everyone at their own best: no override of a core type, an instruction set or a thread count is inherited.
for variable in $(compgen -e | grep -E '^(OPENBLAS|GOTO|DNNL|ONEDNN|MKL|MKLDNN|KMP|OMP|GOMP|LIBXSMM|ATEN|TORCH|LD_PRELOAD|DCRNN_ISA)' || true); do
  echo "cleared: $variable=${!variable}"
  unset "$variable"
done

# The last processors that we may use; the first ones serve interrupts.
mapfile -t cores < <(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0), reverse=True), sep="\n")')
one=${cores[0]}
two=${cores[1]:+${cores[1]},$one}
raw=$out/raw
rm -rf "$out"
mkdir -p "$raw"
cat /proc/loadavg >"$raw/load"

# on CORES THREADS COMMAND...
on() {
  local cores=$1 threads=$2
  shift 2
  OMP_NUM_THREADS=$threads taskset -c "$cores" "$@"
}

# ours RESULT PROGRAM [ARG...]: one program on one core, its repetitions shuffled.
ours() {
  local result=$1 program=$2
  shift 2
  echo "$program -> $result.json"
  on "$one" 1 "$programs/$program" --benchmark_out="$raw/$result.json" --benchmark_out_format=json \
    --benchmark_enable_random_interleaving=true "$@" >"$raw/$result.log" 2>&1 || { tail -n 5 "$raw/$result.log" >&2; exit 1; }
}

if $quick; then
  rounds=1
  some=(--benchmark_repetitions=2 --benchmark_min_time=0.01)
  few=(--benchmark_repetitions=1)
  products='--benchmark_filter=in=(64|429)/out=(192|1287)/B=(1|16|64|1024)/'
  layers='--benchmark_filter=D=(64|256)/B=(1|256|1024)/'
  turn=0.05
else
  rounds=3
  some=(--benchmark_repetitions=5 --benchmark_min_time=0.03)
  few=(--benchmark_repetitions=3)
  products='--benchmark_filter=.'
  layers='--benchmark_filter=.'
  turn=0.3
fi

# Training steps, and what else is measured beside PyTorch, by name.
steps='^step/' others='^(score|machine)/' scoring='--benchmark_filter=.'
case $what in
  steps) others='^machine/' ;;
  table)
    layers='--benchmark_filter=gru/tanh/D=(64|128|256|512)/B=1024/'
    scoring='--benchmark_filter=/tanh/B=1/'
    steps='^step/D=(60|429)/table=10000/tanh/B=1024/threads=1/' others='^machine/|^score/.*/tanh/B=1/'
    ;;
esac

# OpenBLAS takes a processor newer than itself for the oldest one. The core type whose product is fastest here is its
# best, whatever it calls itself.
chosen=""
choose_core_type() {
  local type seconds best="" setting
  for type in "" Haswell SkylakeX Cooperlake Sapphirerapids Zen; do
    setting=()
    [ -z "$type" ] || setting=(env "OPENBLAS_CORETYPE=$type")
    seconds=$(on "$one" 1 "${setting[@]}" "$programs/bench_products" --benchmark_min_time=0.05 \
      --benchmark_filter='forward/in=512/out=1536/B=1024/OpenBLAS' --benchmark_format=csv 2>/dev/null |
      awk -F, '/^"product/ { print $3 }') || continue
    if [ -n "$seconds" ] && { [ -z "$best" ] || awk "BEGIN { exit !($seconds < 0.95 * $best) }"; }; then
      best=$seconds chosen=$type
    fi
  done
}
choose_core_type
if [ -n "$chosen" ]; then
  export OPENBLAS_CORETYPE=$chosen
fi
echo "OpenBLAS: ${chosen:-its own choice}"

ours memory bench_memory "${some[@]}"
if [ $what != steps ]; then
  ours gru bench_gru "${some[@]}" "$layers"
  ours scoring bench_scoring "${some[@]}" "$scoring"
  ours text bench_text "${some[@]}"
fi
if [ $what = all ]; then
  ours elementwise bench_elementwise "${some[@]}"
  ours products bench_products "${some[@]}" "$products"
  ours reading bench_reading "${few[@]}"

  # Narrower instruction sets than the best one.
  if grep -qw avx512bw /proc/cpuinfo; then
    DCRNN_ISA=avx2 ours products.avx2 bench_products "${some[@]}" --benchmark_filter='B=(64|256|1024)/ours'
  fi
  if grep -qw sse2 /proc/cpuinfo; then
    DCRNN_ISA=sse2 ours gru.sse2 bench_gru "${some[@]}" --benchmark_filter='D=(64|429)/B=64/ours'
  fi
fi

# Training steps and scoring beside PyTorch, if it can be installed; round after round, ours and theirs by
# turns. A step has a process of its own, so that its memory is its own.
torch=false
if python=$(torch_python); then
  torch=true
  "$python" -m pip install --quiet -r bench/peers/requirements.txt || echo "without ONNX Runtime"
  "$programs/write_workloads" "$raw/workloads"
else
  echo "without PyTorch"
fi
for ((round = 1; round <= rounds; ++round)); do
  for threads in 1 2; do
    mapfile -t names < <("$programs/bench_step" --benchmark_list_tests | grep -E "$steps" | grep "/threads=$threads/")
    if [ ${#names[@]} = 0 ] || { [ "$threads" = 2 ] && [ -z "$two" ]; }; then
      continue
    fi
    cores=$one
    if [ "$threads" = 2 ]; then
      cores=$two
    fi
    echo "steps, round $round of $rounds, $threads thread(s)"
    for ((number = 1; number <= ${#names[@]}; ++number)); do
      result=$raw/step.$threads.$round.$number
      on "$cores" "$threads" "$programs/bench_step" --benchmark_filter="^${names[number - 1]}\$" --benchmark_repetitions=3 \
        --benchmark_min_time="$turn" --benchmark_out="$result.json" --benchmark_out_format=json >"$result.log" 2>&1
    done
    if $torch; then
      # PyTorch's OpenMP threads and those of its BLAS would each spin while the others work.
      on "$cores" "$threads" env OMP_WAIT_POLICY=passive "$python" -B bench/peers/torch_peer.py \
        "$raw/workloads" --repetitions 3 --min-time "$turn" --filter "(?=.*/threads=$threads/)$steps" \
        >"$raw/torch.$threads.$round.json" 2>"$raw/torch.$threads.$round.log"
    fi
  done
  if $torch; then
    on "$one" 1 "$python" -B bench/peers/torch_peer.py "$raw/workloads" --repetitions 3 --min-time "$turn" \
      --filter "$others" >"$raw/torch.score.$round.json" 2>"$raw/torch.score.$round.log"
  fi
done
rm -rf "$raw/workloads"

show python3 -B bench/report.py "$raw" --out "$out"
echo "report: $out/report.md"

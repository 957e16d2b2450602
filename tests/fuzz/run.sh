#!/usr/bin/env bash
# run.sh BUILD NAME [SECONDS]: one fuzz target on its corpus. Without SECONDS the short run of the tests:
# the same inputs every time. With SECONDS it goes on from what earlier long runs found interesting,
# which stays in BUILD/found/NAME. An input that fails is kept as BUILD/failed-NAME-...
set -euo pipefail
build=$1 name=$2 seconds=${3:-}
corpus=$(dirname "${BASH_SOURCE[0]}")/corpus/$name
# No names of functions: reading them from the program takes longer than the run.
options=(-print_funcs=0 -max_len=2000 -timeout=20 -rss_limit_mb=2000
  "-artifact_prefix=$build/failed-$name-")
if [ -n "$seconds" ]; then
  found=$build/found/$name
  options+=("-max_total_time=$seconds" -use_value_profile=1)
else
  found=$(mktemp -d)
  trap 'rm -rf "$found"' EXIT
  options+=(-seed=1 -runs=2000 -max_total_time=10)
fi
mkdir -p "$found"
"$build/fuzz_$name" "${options[@]}" "$found" "$corpus"

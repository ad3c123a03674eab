#!/usr/bin/env bash
# Runs fuzz targets for the time given (30s, say): those that are named, or
# every one of the project. Go fuzzes one target at a time, so they are found
# and run one by one, two beside each other.
#
#     internal/testserver/fuzz.sh 30s
#     internal/testserver/fuzz.sh 10s FuzzRead FuzzClassify
set -euo pipefail
cd "$(dirname "$0")/../.."
time=$1
shift

# fuzz runs one target for a time: a folder and a name. What it finds is made
# smaller for a few tries only: that took longer than the finding. When the time
# is over while an input is on its way, Go calls that a failure ("context
# deadline exceeded") although nothing was found; then it is run again.
fuzz() {
  local said
  said=$(mktemp)
  trap 'rm -f "$said"' EXIT
  for attempt in 1 2 3; do
    echo "fuzzing $3 in $2 for $1" >&2
    if go test -run '^$' -fuzz "^$3\$" -fuzztime "$1" -fuzzminimizetime 5x -parallel 1 "$2" >"$said" 2>&1; then
      tail -n 3 "$said"
      return 0
    fi
    cat "$said"
    if grep -q 'Failing input written' "$said" || ! grep -q '^ *context deadline exceeded$' "$said"; then return 1; fi
  done
  return 1
}
export -f fuzz

# targets lists every target with its folder.
targets() {
  local file
  grep -rlE '^func Fuzz' --include='*_test.go' . | sort | while read -r file; do
    sed -nE "s|^func (Fuzz[A-Za-z0-9_]*).*|$(dirname "$file") \1|p" "$file"
  done
}

# wanted keeps those targets that are named; without a name all.
wanted() {
  if [ $# -eq 0 ]; then cat; else grep -wE "$(IFS='|'; echo "$*")\$"; fi
}

targets | wanted "$@" | xargs -r -P 2 -L 1 bash -c 'fuzz "$0" "$1" "$2"' "$time"

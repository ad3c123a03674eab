#!/usr/bin/env bash
# Runs every fuzz target of the project for the time given (30s, say). Go
# fuzzes one target at a time, so they are found and run one by one.
set -euo pipefail
cd "$(dirname "$0")/../.."
for file in $(grep -rlE '^func Fuzz' --include='*_test.go' . | sort); do
  for target in $(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*).*/\1/p' "$file"); do
    echo "fuzzing $target in $(dirname "$file") for $1" >&2
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "$(dirname "$file")"
  done
done

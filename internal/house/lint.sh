#!/usr/bin/env bash
# Runs the linters at a pinned version, outside go.mod: a linter's own
# dependencies are none of ours. The first run builds it, which takes minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
golangci=github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
  printf 'lint: these files are not as gofmt writes them:\n%s\n' "$unformatted" >&2
  exit 1
fi
go vet ./...
go run "$golangci" run ./...

#!/usr/bin/env bash
# What takes too long for every change: races, properties at length, every fuzz target, benchmarks.
# FUZZTIME is spent on each target (default 5m).
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*"; }

export AVOW_NIGHTLY=1

say "race detector"
go test -race -timeout 4h ./...

say "properties at length"
go test ./decision -timeout 2h -rapid.checks=100000
# A comparison asks 30 questions of each pair of versions: 10⁵ questions and more.
go test ./policy -timeout 8h -run Exact -rapid.checks=3500
go test ./internal/subject -timeout 2h -run TimeIsAsSpecified -rapid.checks=50000

for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		say "fuzz $package $target"
		go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-5m}"
	done
done

say "benchmarks"
go test ./... -run '^$' -bench . -benchmem
if [ -f bench/go.mod ]; then (cd bench && go test ./... -run '^$' -bench . -benchmem); fi

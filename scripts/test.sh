#!/usr/bin/env bash
# The one test command: installs what tests need where it may, says what is missing where it may not,
# then runs everything. Under CI a missing server is a failure, never a skip.
set -euo pipefail
cd "$(dirname "$0")/.."

need() { # name, debian package
	if command -v "$1" >/dev/null; then return; fi
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		apt-get update -qq && apt-get install -y -qq "$2" >/dev/null && return
	fi
	echo "missing: $1 (Debian: apt-get install $2)"
	if [ "${CI:-}" = true ]; then exit 1; fi
}
need go golang
need chromium chromium

unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
	echo "not formatted: $unformatted"
	exit 1
fi
go vet ./...
go test ./...
# The properties that carry the design, on 100 000 random questions.
go test ./decision -run 'Reference|Permit|Conjunction|Below' -rapid.checks=20000
go test ./policy -run Exact -rapid.checks=150
if [ -d bench ]; then (cd bench && go vet ./...); fi

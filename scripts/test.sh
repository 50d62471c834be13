#!/usr/bin/env bash
# The one test command: installs what tests need where it may, says what is missing where it may not,
# then runs everything. With AVOW_CI=1 (or CI=true) what is missing is a failure, never a skip.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${CI:-}" = true ] || [ "${AVOW_CI:-}" = 1 ]; then export AVOW_CI=1 CI=true; else export AVOW_CI=0; fi
# A clone may belong to another account than the one that tests; git would then refuse to stamp it.
export GOFLAGS="${GOFLAGS:-} -buildvcs=false"

say() { printf '== %s\n' "$*"; }

missing() { # what, how to get it, what is skipped without it
	echo "missing: $1. $2"
	if [ "$AVOW_CI" = 1 ]; then
		echo "In CI that is a failure."
		exit 1
	fi
	echo "skipped: $3"
}

# --- Go: nothing runs without it.
if ! command -v go >/dev/null && [ -x /usr/local/go/bin/go ]; then PATH=$PATH:/usr/local/go/bin; fi
if ! found=$(go version 2>&1) || ! go list -m >/dev/null 2>&1; then
	echo "missing: Go $(awk '$1 == "go" { print $2 }' go.mod) or newer, from https://go.dev/dl; found: $found"
	exit 1
fi
say "$found"

# --- Chromium opens the pages in tests; PostgreSQL is the second engine of everything that is stored. What is
# missing is installed while the code compiles. Each test process starts a server of its own from the binaries.
browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb'; }
wanted=
if ! browser >/dev/null; then wanted="$wanted chromium"; fi
if ! postgres >/dev/null; then wanted="$wanted postgresql"; fi
installing=
if [ -n "$wanted" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	say "installing$wanted meanwhile"
	log=$(mktemp)
	# shellcheck disable=SC2086 # several packages
	(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted) >"$log" 2>&1 &
	installing=$!
fi

say "gofmt"
unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
	echo "not formatted (make fmt):"
	echo "$unformatted"
	exit 1
fi

say "go vet"
go vet ./...
if [ -f bench/go.mod ]; then (cd bench && go vet ./...); fi

if [ -n "$installing" ] && ! wait "$installing"; then tail -n 20 "$log"; fi
if ! browser >/dev/null; then
	missing Chromium "On Debian: apt-get install chromium" "the tests that open pages"
fi

if ! postgres >/dev/null; then
	missing PostgreSQL "On Debian: apt-get install postgresql" "everything stored, on the second engine"
fi

say "go test"
go test ./...

# The compiled decision is the reference's: make nightly asks it still longer.
say "properties of a decision, on 20 000 random programs"
go test ./decision -run 'Reference|Permit|Conjunction|Below' -rapid.checks=20000

say "all passed"

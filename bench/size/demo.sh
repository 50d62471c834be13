#!/usr/bin/env bash
# How long the demo takes to be ready, what it holds in memory then, and how long a diff takes.
# usage: size/demo.sh [times]; from the root of the repository, after
#   go build -o out/avow ./cmd/avow
set -euo pipefail
avow=$PWD/out/avow
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp -r policies/isodme "$tmp/new"
# one rule changed: who may read for billing
sed -i "0,/by: authorised.billing/s//by: authorised.registrar/" "$tmp/new/notice.md"
cp -r policies/isodme "$tmp/wide"
sed -i "0,/deny: \[use, disclose\]/s//deny: [disclose]/" "$tmp/wide/notice.md" # a deny of many words
cmp -s policies/isodme/notice.md "$tmp/wide/notice.md" && { echo "the second edit changed nothing" >&2; exit 1; }
cmp -s policies/isodme/notice.md "$tmp/new/notice.md" && { echo "the edit changed nothing" >&2; exit 1; }
cd "$tmp"
for _ in $(seq "${1:-5}"); do
  start=$(date +%s%N)
  mkfifo out
  "$avow" demo --addr 127.0.0.1:0 >out 2>&1 &
  pid=$!
  exec 3<out
  while read -r line <&3; do [[ $line == ready* ]] && break; done
  end=$(date +%s%N)
  echo "ready after $(((end - start) / 1000000)) ms, $(awk '/VmRSS/ { print int($2 / 1024) " MiB" }' "/proc/$pid/status")"
  kill "$pid"
  exec 3<&-
  wait "$pid" || true
  rm -rf out avow-demo
  for edited in new wide; do
    start=$(date +%s%N)
    "$avow" diff "$OLDPWD/policies/isodme" "$edited" >diff.txt
    end=$(date +%s%N)
    echo "diff with $edited after $(((end - start) / 1000000)) ms"
  done
done

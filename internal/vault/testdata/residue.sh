#!/usr/bin/env bash
# What PostgreSQL keeps in its files of rows that were deleted: the figures of docs/spec/vault.md.
# Starts a cluster of its own in a new folder, on a socket there, and removes it. Not as root.
#   bash residue.sh [folder of initdb and pg_ctl]
set -euo pipefail
bin=${1:-$(pg_config --bindir)}
dir=$(mktemp -d)
trap '"$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1; rm -rf "$dir"' EXIT
"$bin/initdb" -D "$dir/data" -A trust >/dev/null
"$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" -o "-c listen_addresses= -c unix_socket_directories=$dir" start >/dev/null
q() { "$bin/psql" -h "$dir" -d postgres -qAt -c "$1"; }

count() { cat "$@" 2>/dev/null | grep -a -o MARKER-QZX | wc -l; }
report() {
	q CHECKPOINT
	printf '%-32s' "$1"
	for relation in p p_email pg_statistic; do
		printf ' %s=%s' "$relation" "$(count "$dir/data/$(q "SELECT pg_relation_filepath('$relation')")"*)"
	done
	printf ' wal=%s\n' "$(count "$dir"/data/pg_wal/0*)"
}

q "CREATE TABLE p(id int PRIMARY KEY, email text, v bytea)"
q "CREATE INDEX p_email ON p(email)"
q "INSERT INTO p SELECT i, 'user'||i||'@example.org', decode(md5(i::text),'hex') FROM generate_series(1,20000) i"
q "INSERT INTO p SELECT 100000+i, 'MARKER-QZX-'||(i%20)||'@example.org', 'MARKER-QZX'::bytea FROM generate_series(1,3000) i"
q "ANALYZE p"
report "inserted, analysed"
q "DELETE FROM p WHERE id > 100000"
report "DELETE"
q "VACUUM p"
report "VACUUM"
q "VACUUM ANALYZE p"
report "VACUUM ANALYZE"
q "VACUUM FULL p"
report "VACUUM FULL"
q "VACUUM FULL pg_statistic"
report "VACUUM FULL pg_statistic"
q "SELECT pg_switch_wal()" >/dev/null
report "another WAL file"

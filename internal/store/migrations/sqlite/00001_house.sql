-- +goose Up
-- Times are UTC microseconds since 1970. Sealed columns open with a key of the person's ring only.

-- The head of the log: one row, whose lock makes commits one after the other.
CREATE TABLE log_head (
	id         INTEGER PRIMARY KEY CHECK (id = 1),
	size       INTEGER NOT NULL,
	edge       BLOB NOT NULL,
	at         INTEGER NOT NULL,
	moved      INTEGER NOT NULL,
	checkpoint BLOB NOT NULL,
	origin     TEXT NOT NULL
);

-- A row a commit: its leaves until they are in a full tile, and whom it touched for those who follow.
CREATE TABLE log_commit (
	first   INTEGER PRIMARY KEY,
	n       INTEGER NOT NULL,
	at      INTEGER NOT NULL,
	leaves  BLOB NOT NULL,
	touched BLOB
);

CREATE TABLE log_tile (
	level INTEGER NOT NULL,
	n     INTEGER NOT NULL,
	root  BLOB NOT NULL,
	data  BLOB NOT NULL,
	PRIMARY KEY (level, n) -- beside the rows: among keys of 8 kB none would be found without reading several
);

CREATE TABLE log_bundle (
	n    INTEGER PRIMARY KEY,
	data BLOB NOT NULL
);

CREATE TABLE site (
	no   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
);

-- What was published, numbered upwards within its site.
CREATE TABLE release (
	site   INTEGER NOT NULL REFERENCES site(no),
	number INTEGER NOT NULL,
	digest BLOB NOT NULL,
	since  INTEGER NOT NULL,
	model  BLOB NOT NULL,
	PRIMARY KEY (site, number)
) WITHOUT ROWID;

-- Numbers are given out in blocks, each once.
CREATE TABLE counter (
	name TEXT PRIMARY KEY,
	next INTEGER NOT NULL
);

-- A person within a site. The id is random and goes with the person; the number is ours alone.
CREATE TABLE subject (
	no      INTEGER PRIMARY KEY,
	site    INTEGER NOT NULL REFERENCES site(no),
	id      BLOB NOT NULL,
	created INTEGER NOT NULL,
	merged  INTEGER, -- into this other person
	erased  INTEGER -- since when only evidence is left
);
CREATE INDEX subject_merged ON subject(merged) WHERE merged IS NOT NULL;
CREATE UNIQUE INDEX subject_id ON subject(site, id);

CREATE TABLE ring (
	site    INTEGER NOT NULL,
	subject INTEGER NOT NULL,
	kind    INTEGER NOT NULL,
	epoch   INTEGER NOT NULL,
	wrapped BLOB NOT NULL,
	PRIMARY KEY (site, subject, kind)
) WITHOUT ROWID;

-- How a person is found: by a keyed hash of what identifies them. The value is sealed.
CREATE TABLE identity (
	site    INTEGER NOT NULL,
	hash    BLOB NOT NULL,
	key     INTEGER NOT NULL,
	kind    TEXT NOT NULL,
	subject INTEGER NOT NULL,
	id      BLOB NOT NULL,
	value   BLOB NOT NULL,
	PRIMARY KEY (site, hash)
) WITHOUT ROWID;
CREATE INDEX identity_subject ON identity(site, subject);

-- The records. Those of nobody (subject 0) are plain, and have the key of their leaf beside them.
CREATE TABLE entry (
	idx     INTEGER PRIMARY KEY,
	site    INTEGER NOT NULL,
	subject INTEGER NOT NULL,
	ring    INTEGER NOT NULL,
	id      BLOB NOT NULL,
	record  BLOB NOT NULL,
	key     BLOB
);
CREATE INDEX entry_subject ON entry(site, subject);

-- What a caller must not do twice, by a keyed hash of the caller's own key.
CREATE TABLE idempotency (
	site INTEGER NOT NULL,
	hash BLOB NOT NULL,
	subject INTEGER NOT NULL,
	id   BLOB NOT NULL,
	at   INTEGER NOT NULL,
	PRIMARY KEY (site, hash)
) WITHOUT ROWID;

CREATE INDEX idempotency_at ON idempotency(at);

-- What was permitted and may be confirmed (step 0), and what confirms it (step 1). It goes when it is long
-- over, or with the person.
CREATE TABLE permit (
	site    INTEGER NOT NULL,
	id      BLOB NOT NULL,
	step    INTEGER NOT NULL,
	subject INTEGER NOT NULL,
	entry   BLOB NOT NULL,
	at      INTEGER NOT NULL,
	PRIMARY KEY (site, id, step)
) WITHOUT ROWID;
CREATE INDEX permit_subject ON permit(site, subject);
CREATE INDEX permit_at ON permit(at);

-- Who may call. Names are handles of the operator's choice, and lasting.
CREATE TABLE principal (
	no      INTEGER PRIMARY KEY,
	name    TEXT NOT NULL UNIQUE,
	kind    TEXT NOT NULL,
	roles   TEXT NOT NULL,
	created INTEGER NOT NULL,
	ended   INTEGER
);
-- With what: by a keyed hash of the secret, under the look-up key that hash_key names.
CREATE TABLE api_key (
	id        TEXT PRIMARY KEY,
	principal INTEGER NOT NULL REFERENCES principal(no),
	hash      BLOB NOT NULL,
	hash_key  INTEGER NOT NULL,
	binding   TEXT NOT NULL,
	created   INTEGER NOT NULL,
	expires   INTEGER,
	revoked   INTEGER,
	used      INTEGER,
	successor TEXT
) WITHOUT ROWID;
CREATE INDEX api_key_principal ON api_key(principal);

-- How far answers are enforced: the most exact of site, key and clause holds.
CREATE TABLE shadow (
	site   INTEGER NOT NULL,
	key    TEXT NOT NULL,
	clause TEXT NOT NULL,
	mode   TEXT NOT NULL,
	since  INTEGER NOT NULL,
	PRIMARY KEY (site, key, clause)
) WITHOUT ROWID;

-- Decisions, a block of many a row.
CREATE TABLE decision_block (
	no    INTEGER PRIMARY KEY AUTOINCREMENT,
	site  INTEGER NOT NULL,
	first INTEGER NOT NULL,
	last  INTEGER NOT NULL,
	n     INTEGER NOT NULL,
	data  BLOB NOT NULL
);
CREATE INDEX decision_block_time ON decision_block(site, last);

-- Erasures that are not in the journal beside the keys yet: for moments, unless the process ends there.
CREATE TABLE erasure_owed (
	id    BLOB PRIMARY KEY,
	site  INTEGER NOT NULL,
	entry BLOB NOT NULL
);

CREATE TABLE job_cursor (
	job    INTEGER PRIMARY KEY,
	cursor BLOB NOT NULL
);

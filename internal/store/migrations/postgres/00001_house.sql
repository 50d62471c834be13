-- +goose Up
-- Times are UTC microseconds since 1970. Sealed columns open with a key of the person's ring only.

-- The head of the log: one row, whose lock makes commits one after the other.
CREATE TABLE log_head (
	id         bigint PRIMARY KEY CHECK (id = 1),
	size       bigint NOT NULL,
	edge       bytea NOT NULL,
	at         bigint NOT NULL,
	moved      bigint NOT NULL,
	checkpoint bytea NOT NULL,
	origin     text NOT NULL
) WITH (fillfactor = 20);

-- A row a commit: its leaves until they are in a full tile, and whom it touched for those who follow.
CREATE TABLE log_commit (
	first   bigint PRIMARY KEY,
	n       bigint NOT NULL,
	at      bigint NOT NULL,
	leaves  bytea NOT NULL,
	touched bytea
);

CREATE TABLE log_tile (
	level bigint NOT NULL,
	n     bigint NOT NULL,
	root  bytea NOT NULL,
	data  bytea NOT NULL,
	PRIMARY KEY (level, n)
);
-- Hashes do not compress.
ALTER TABLE log_tile ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE log_bundle (
	n    bigint PRIMARY KEY,
	data bytea NOT NULL
);
ALTER TABLE log_bundle ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE site (
	no   bigint PRIMARY KEY,
	name text NOT NULL UNIQUE
);

-- What was published, numbered upwards within its site.
CREATE TABLE release (
	site   bigint NOT NULL REFERENCES site(no),
	number bigint NOT NULL,
	digest bytea NOT NULL,
	since  bigint NOT NULL,
	model  bytea NOT NULL,
	PRIMARY KEY (site, number)
);

-- Numbers are given out in blocks, each once.
CREATE TABLE counter (
	name text PRIMARY KEY,
	next bigint NOT NULL
);

-- A person within a site. The id is random and goes with the person; the number is ours alone.
CREATE TABLE subject (
	no      bigint PRIMARY KEY,
	site    bigint NOT NULL REFERENCES site(no),
	id      bytea NOT NULL,
	created bigint NOT NULL,
	merged  bigint, -- into this other person
	erased  bigint -- since when only evidence is left
);
CREATE INDEX subject_merged ON subject(merged) WHERE merged IS NOT NULL;
CREATE UNIQUE INDEX subject_id ON subject(site, id);

CREATE TABLE ring (
	site    bigint NOT NULL,
	subject bigint NOT NULL,
	kind    bigint NOT NULL,
	epoch   bigint NOT NULL,
	wrapped bytea NOT NULL,
	PRIMARY KEY (site, subject, kind)
);

-- How a person is found: by a keyed hash of what identifies them. The value is sealed.
CREATE TABLE identity (
	site    bigint NOT NULL,
	hash    bytea NOT NULL,
	key     bigint NOT NULL,
	kind    text NOT NULL,
	subject bigint NOT NULL,
	id      bytea NOT NULL,
	value   bytea NOT NULL,
	PRIMARY KEY (site, hash)
);
CREATE INDEX identity_subject ON identity(site, subject);

-- The records. Those of nobody (subject 0) are plain, and have the key of their leaf beside them.
CREATE TABLE entry (
	site    bigint NOT NULL,
	subject bigint NOT NULL,
	idx     bigint NOT NULL,
	ring    bigint NOT NULL,
	id      bytea NOT NULL,
	record  bytea NOT NULL,
	key     bytea,
	PRIMARY KEY (site, subject, idx)
);

-- What a caller must not do twice, by a keyed hash of the caller's own key.
CREATE TABLE idempotency (
	site bigint NOT NULL,
	hash bytea NOT NULL,
	subject bigint NOT NULL,
	id   bytea NOT NULL,
	at   bigint NOT NULL,
	PRIMARY KEY (site, hash)
);

CREATE INDEX idempotency_at ON idempotency(at);

-- What was permitted and may be confirmed (step 0), and what confirms it (step 1). It goes when it is long
-- over, or with the person.
CREATE TABLE permit (
	site    bigint NOT NULL,
	id      bytea NOT NULL,
	step    bigint NOT NULL,
	subject bigint NOT NULL,
	entry   bytea NOT NULL,
	at      bigint NOT NULL,
	PRIMARY KEY (site, id, step)
);
CREATE INDEX permit_subject ON permit(site, subject);
CREATE INDEX permit_at ON permit(at);

-- Who may call. Names are handles of the operator's choice, and lasting.
CREATE TABLE principal (
	no      bigint PRIMARY KEY,
	name    text NOT NULL UNIQUE,
	kind    text NOT NULL,
	roles   text NOT NULL,
	created bigint NOT NULL,
	ended   bigint
);
-- With what: by a keyed hash of the secret, under the look-up key that hash_key names.
CREATE TABLE api_key (
	id        text PRIMARY KEY,
	principal bigint NOT NULL REFERENCES principal(no),
	hash      bytea NOT NULL,
	hash_key  bigint NOT NULL,
	binding   text NOT NULL,
	created   bigint NOT NULL,
	expires   bigint,
	revoked   bigint,
	used      bigint,
	successor text
);
CREATE INDEX api_key_principal ON api_key(principal);

-- How far answers are enforced: the most exact of site, key and clause holds.
CREATE TABLE shadow (
	site   bigint NOT NULL,
	key    text NOT NULL,
	clause text NOT NULL,
	mode   text NOT NULL,
	since  bigint NOT NULL,
	PRIMARY KEY (site, key, clause)
);

-- Decisions, a block of many a row.
CREATE TABLE decision_block (
	no    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	site  bigint NOT NULL,
	first bigint NOT NULL,
	last  bigint NOT NULL,
	n     bigint NOT NULL,
	data  bytea NOT NULL
);
CREATE INDEX decision_block_time ON decision_block(site, last);

-- Erasures that are not in the journal beside the keys yet: for moments, unless the process ends there.
CREATE TABLE erasure_owed (
	id    bytea PRIMARY KEY,
	site  bigint NOT NULL,
	entry bytea NOT NULL
);

CREATE TABLE job_cursor (
	job    bigint PRIMARY KEY,
	cursor bytea NOT NULL
);

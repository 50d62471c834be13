#!/usr/bin/env python3
"""Writes testdata/v1: a key folder with known keys, and what they must yield.

docs/spec/vault.md said a second time, from the document and not from the Go code. The files are
committed and never written again: what was sealed under version 1 must open for ever.
Needs the package cryptography. Run in this folder: python3 vectors.py
"""

import base64, hashlib, hmac, json, os
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def key(name):
    return hashlib.sha256(b"vector " + name.encode()).digest()


def hkdf(secret, info):
    prk = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(prk, info + b"\x01", "sha256")


def seal(secret, label, nonce, plain, aad):
    return nonce + AESGCM(hkdf(secret, label)).encrypt(nonce, plain, aad)


def b64(b):
    return base64.b64encode(b).decode()


def log_key(origin):
    seed = key("log")
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    kid = hashlib.sha256(origin.encode() + b"\n\x01" + public).digest()[:4].hex()
    return (f"PRIVATE+KEY+{origin}+{kid}+{b64(bytes([1]) + seed)}", f"{origin}+{kid}+{b64(bytes([1]) + public)}")


def keys():
    private, public = log_key("log.example/avow")
    t = "2026-11-01T00:00:00Z"
    uses = ["identity", "suppression", "resurrection", "fingerprint", "idempotency", "api-key"]
    lookup = [{"use": u, "id": 1, "created": t, "from": t, "key": b64(key(u + " 1"))} for u in uses]
    lookup[0]["ends"] = "2027-11-01T00:00:00Z"
    t2 = "2026-11-02T00:00:00Z"
    lookup.append({"use": "identity", "id": 2, "created": t2, "from": "2026-11-02T00:00:10Z", "key": b64(key("identity 2"))})
    doc = {
        "generation": 6,
        "log": [{"public": public, "private": private, "created": t}],
        "epochs": [
            {"number": 1, "state": "destroyed", "created": t, "retired": t2, "escrow": "2026-11-03T00:00:00Z", "destroyed": "2026-11-04T00:00:00.5Z"},
            {"number": 2, "state": "retired", "created": t2, "retired": "2026-11-05T00:00:00Z", "escrow": "2027-01-01T00:00:00Z", "key": b64(key("epoch 2"))},
            {"number": 3, "state": "current", "created": "2026-11-05T00:00:00Z", "key": b64(key("epoch 3"))},
        ],
        "lookup": lookup,
    }
    compact = json.dumps(doc, separators=(",", ":"))
    total = hashlib.sha256(compact.encode()).hexdigest()
    return json.dumps({"avow": "keys", "version": 1, "sum": total, "keys": doc}, indent=2) + "\n"


KINDS = {"profile": 1, "case": 2, "evidence": 3}


def ring(n, kind, epoch):
    owner, raw, entry = key(f"owner {n}")[:16], key(f"ring {n}"), key(f"entry {n}")[:16]
    aad = b"avow/ring/v1" + bytes([KINDS[kind]]) + owner
    plain = f"a record of person {n}".encode()
    return {
        "kind": kind, "owner": owner.hex(), "epoch": epoch,
        "wrapped": seal(key(f"epoch {epoch}"), b"avow/wrap/v1", key(f"nonce w{n}")[:12], raw, aad).hex(),
        "entry": entry.hex(),
        "entryKey": hkdf(raw, b"avow/entry/v1" + entry).hex(),
        "plain": plain.decode(),
        "sealed": seal(raw, b"avow/seal/v1", key(f"nonce s{n}")[:12], plain, entry).hex(),
        "month": "2026-11",
        "pseudonym": hmac.digest(raw, b"log2026-11", "sha256")[:16].hex(),
    }


def sized(s):
    b = s.encode()
    return len(b).to_bytes(4, "big") + b


def lookup(use, kid, site, *parts):
    text = b"avow/lookup/v1" + sized(use) + sized(site) + b"".join(map(sized, parts))
    return {"use": use, "key": kid, "site": site, "parts": parts, "sum": hmac.digest(key(f"{use} {kid}"), text, "sha256").hex()}


ENTRIES = [
    [{"kind": "checkpoint", "at": 1793664000000000, "size": 12, "root": key("root 12").hex()}],
    [
        {"kind": "withdrawn", "at": 1793664000000001, "index": 12, "subject": key("owner 1")[:16].hex(), "id": key("entry 1")[:16].hex(), "sealed": b64(b"sealed bytes")},
        {"kind": "erased", "at": 1793664000000002, "index": 13, "subject": key("owner 2")[:16].hex()},
    ],
    [{"kind": "checkpoint", "at": 1793664000000003, "size": 14, "root": key("root 14").hex()}],
]


def journal():
    last, out = bytes(16), ""
    lines = [{"avow": "journal", "version": 1, "since": 0}] + [{"entries": e} for e in ENTRIES]
    for line in lines:
        text = json.dumps(line, separators=(",", ":"))
        last = hashlib.sha256(b"avow/journal/v1" + last + text.encode()).digest()[:16]
        out += last.hex() + " " + text + "\n"
    return out


vectors = {
    "log": log_key("log.example/avow")[1],
    "rings": [ring(1, "profile", 3), ring(2, "case", 2), ring(3, "evidence", 3)],
    "destroyed": ring(4, "profile", 1),
    "hashes": [
        lookup("identity", 1, "shop", "email", "a@example.org"),
        lookup("identity", 2, "shop", "email", "a@example.org"),
        lookup("suppression", 1, "shop", "email", "a@example.org"),
        lookup("fingerprint", 1, "", ""),
        lookup("api-key", 1, "shop"),
        lookup("idempotency", 1, "shop", "é", "x" * 300),
    ],
}

if __name__ == "__main__":
    for name, text in [("keys.json", keys()), ("journal.log", journal()), ("vectors.json", json.dumps(vectors, indent=2, ensure_ascii=False) + "\n")]:
        with open(os.path.join("v1", name), "w") as f:
            f.write(text)

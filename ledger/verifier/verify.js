// Verifies receipts of an Avow ledger, after docs/spec/ledger.md. It stands alone: no library, no network, nothing
// but the Web Cryptography of a browser (with Ed25519), on a page from a file or over https. It was written from the
// specification, apart from the Go package, and is tested with the same vectors.
//
//   verify(receipt, { logs: [vkey, …], witnesses: [vkey, …], demand: n })
//
// receipt is text or bytes. The answer, never an exception:
//   { ok, reason, message, record, checkpoint: { origin, size, root }, index, cosigned: [{ name, time }], proven: [], unproven: [] }
// reason is "" or one of: malformed, unknown-log, signature, witnesses, not-included.

const MAX_RECEIPT = 16 << 20, MAX_RECORD = 1 << 20, MAX_NOTE = 4 << 20, MAX_VALUES = MAX_RECORD / 2, MAX_DEPTH = 64;
const utf8 = new TextEncoder();
const space = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/; // Unicode's White_Space

class Refusal extends Error { constructor(reason, message) { super(message); this.reason = reason; } }
const refuse = (reason, message) => { throw new Refusal(reason, message); };
const form = (ok, message) => ok || refuse("malformed", message);

export async function verify(receipt, { logs, witnesses = [], demand = 0 }) {
  try {
    const { record, canonical, key, proof } = parseReceipt(receipt);
    const { checkpoint, cosigned, by } = await open(proof.note, logs, witnesses, demand);
    const leaf = await leafHash(key, canonical);
    if (!await included(leaf, proof, checkpoint)) refuse("not-included", "The record, its key and the proof do not lead to what the log signed: something was changed, or belongs to another entry.");
    return { ok: true, reason: "", message: "The receipt is genuine.", record, checkpoint, index: proof.index, cosigned, ...words(proof.index, checkpoint, cosigned, by) };
  } catch (e) {
    const known = e instanceof Refusal;
    return { ok: false, reason: known ? e.reason : "malformed", message: known ? e.message : "This cannot be read as a receipt.", cosigned: [], proven: [], unproven: ["Nothing is proven."] };
  }
}

// words says what was proven, and what was not.
function words(index, { origin, size }, cosigned, by) {
  const when = cosigned.map(c => `${c.name} (${c.time})`).join(", ");
  return {
    proven: [
      `The record below is, to the letter, what was entered in the log “${origin}” as number ${index + 1n} of ${size}.`,
      `Who keeps that log signed for it, with the key ${by}. The entry cannot be changed or taken out without breaking that signature.`,
      ...cosigned.length ? [`Witnesses have seen this state of the log, at the times they state: ${when}.`] : [],
    ],
    unproven: [
      "That what the record says is true. It is what the keeper of the log wrote, including both times in it.",
      "That it still holds. A later record may say otherwise, such as a withdrawal.",
      "That the key belongs to whom you think. Compare it with the one they publish.",
      ...cosigned.length ? [] : ["That others are shown the same log, and when the entry was made: no witness that you know has signed."],
    ],
  };
}

// --- The receipt

function parseReceipt(input) {
  const bytes = typeof input === "string" ? utf8.encode(input) : input;
  form(bytes.length <= MAX_RECEIPT, "This is too large for a receipt.");
  form(typeof input !== "string" || input.isWellFormed(), "This is not text.");
  const v = parseJSON(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  form(v instanceof Map && v.size === 4 && v.get("avow") === "receipt/v1", "This is not a receipt of the form receipt/v1, with the members avow, record, key and proof.");
  const canonical = canonicalJSON(checkRecord(v.get("record")));
  form(utf8.encode(canonical).length <= MAX_RECORD, "The record is too large.");
  const key = base64(v.get("key"));
  form(key.length === 32, "The key does not have 32 bytes.");
  return { record: JSON.parse(canonical), canonical, key, proof: parseProof(v.get("proof")) };
}

function checkRecord(r) {
  const text = s => typeof s === "string";
  const instant = s => text(s) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(s) && s !== "1970-01-01T00:00:00.000000Z" && s >= "0001" &&
    !isNaN(Date.parse(s.slice(0, 23) + "Z")) && new Date(s.slice(0, 23) + "Z").toISOString() === s.slice(0, 23) + "Z";
  form(r instanceof Map && [...r.keys()].sort().join() === "at,body,clauses,kind,recorded,site,v,version", "The record does not have the eight members of a record.");
  form(r.get("v") === 1 && r.get("body") instanceof Map && Array.isArray(r.get("clauses")) && r.get("clauses").every(text), "The record is not of form 1.");
  form(instant(r.get("at")) && instant(r.get("recorded")), "A time in the record is not written as a record does.");
  form(text(r.get("kind")) && r.get("kind") && text(r.get("site")) && text(r.get("version")), "A text is missing in the record.");
  return r;
}

// parseJSON is stricter than JSON.parse: no member twice, only whole numbers that are exact. Objects are Maps.
function parseJSON(s) {
  let i = 0, values = 0;
  const skip = () => { while (" \n\r\t".includes(s[i] ?? "x")) i++; };
  const take = c => (skip(), s[i] === c && ++i);
  const string = () => {
    const start = i;
    form(take('"'), "This is not JSON.");
    for (; i < s.length && s[i] !== '"'; i++) if (s[i] === "\\") i++;
    const text = JSON.parse(s.slice(start, ++i)); // throws where it is none
    form(text.isWellFormed(), "Half a surrogate pair.");
    return text;
  };
  const value = depth => {
    form(depth <= MAX_DEPTH + 1 && ++values <= MAX_VALUES, "This is nested too deep, or too much.");
    if (take("{")) {
      const map = new Map();
      if (take("}")) return map;
      do {
        skip();
        const name = string();
        form(!map.has(name) && take(":"), "A member stands twice, or has no value.");
        map.set(name, value(depth + 1));
      } while (take(","));
      form(take("}"), "This is not JSON.");
      return map;
    }
    if (take("[")) {
      const list = [];
      if (take("]")) return list;
      do list.push(value(depth + 1)); while (take(","));
      form(take("]"), "This is not JSON.");
      return list;
    }
    if (s[i] === '"') return string();
    const word = /(?:true|false|null|-?\d+)(?![\d.eE])/y;
    word.lastIndex = i;
    const [w] = word.exec(s) ?? refuse("malformed", "This is not JSON, or has a number that is not whole.");
    i += w.length;
    const v = JSON.parse(w);
    form(typeof v !== "number" || Number.isSafeInteger(v) && w !== "-0", "A number is too large to be exact.");
    return v;
  };
  const v = value(1);
  skip();
  form(i === s.length, "Something follows the receipt.");
  return v;
}

// canonicalJSON is RFC 8785: JavaScript's own order of UTF-16 units, and its own escapes.
export function canonicalJSON(v) {
  if (v instanceof Map) return `{${[...v.keys()].sort().map(k => `${JSON.stringify(k)}:${canonicalJSON(v.get(k))}`).join()}}`;
  return Array.isArray(v) ? `[${v.map(canonicalJSON).join()}]` : JSON.stringify(v);
}

function parseProof(text) {
  form(typeof text === "string", "There is no proof.");
  const end = text.indexOf("\n\n");
  form(end > 0 && text.length > end + 2, "The proof has no checkpoint.");
  const lines = text.slice(0, end).split("\n");
  form(lines.shift() === "c2sp.org/tlog-proof@v1", "The proof is of another form.");
  if (lines[0]?.startsWith("extra ")) {
    const extra = base64(lines.shift().slice(6)); // nothing vouches for it
    form(extra.length > 0 && extra.length <= 1 << 16, "The extra data is empty or too long.");
  }
  form(lines[0]?.startsWith("index "), "The proof has no index.");
  const index = number(lines.shift().slice(6));
  form(lines.length <= 64, "The proof has too many hashes.");
  return { index, hashes: lines.map(hash), note: text.slice(end + 2) };
}

// --- The log's signature

async function open(note, logs, witnesses, demand) {
  const keys = new Map([...await Promise.all(logs.map(k => readKey(k, 1))), ...await Promise.all(witnesses.map(k => readKey(k, 4)))]);
  form(utf8.encode(note).length <= MAX_NOTE && !/[\0-\x09\x0b-\x1f]/.test(note), "The checkpoint is not a signed note.");
  const end = note.lastIndexOf("\n\n"), body = note.slice(0, end + 1), lines = note.slice(end + 2).split("\n");
  form(end >= 0 && lines.length > 1 && lines.pop() === "" && lines.length <= 100, "The checkpoint has no signatures.");
  const good = new Map();
  for (const line of lines) {
    const [, name, sig] = /^— ([^ +]+) ([^ ]+)$/.exec(line) ?? refuse("malformed", "A signature line is damaged.");
    const raw = base64(sig);
    form(!space.test(name) && raw.length >= 5, "A signature line is damaged.");
    const id = keyName(name, raw);
    const known = keys.get(id);
    if (!known || good.has(id)) continue; // what we do not know says nothing, and nobody signs twice
    const time = known.type === 4 && raw.length === 76 ? new DataView(raw.buffer).getBigUint64(4) : 0n;
    const message = utf8.encode(known.type === 4 ? `cosignature/v1\ntime ${time}\n${body}` : body);
    const key = await crypto.subtle.importKey("raw", known.key, "Ed25519", false, ["verify"]);
    const fits = raw.length === (known.type === 4 ? 76 : 68) && time < 1n << 63n;
    if (!fits || !await crypto.subtle.verify("Ed25519", key, raw.slice(-64), message)) refuse("signature", "A signature on the checkpoint is false: it was changed after it was signed.");
    good.set(id, { type: known.type, id, name, time });
  }
  if (good.size === 0) refuse("unknown-log", "None of the log keys that you trust has signed this. It is of another log, or of nobody's.");
  const head = body.split("\n");
  form(head.length >= 4 && head.pop() === "" && !head.includes(""), "The checkpoint is damaged.");
  const checkpoint = { origin: head[0], size: number(head[1]), root: head[2], hash: hash(head[2]) };
  form(checkpoint.size > 0n || head[2] === "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "The checkpoint is damaged.");
  const by = [...good.values()].find(k => k.type === 1 && k.name === head[0])?.id;
  if (!by) refuse("unknown-log", "The checkpoint names another log than the one whose key signed it.");
  const cosigned = [...good.values()].filter(k => k.type === 4).map(k => ({ name: k.name, time: instantOf(k.time) }));
  if (cosigned.length < demand) refuse("witnesses", `Only ${cosigned.length} of the ${demand} witnesses demanded have signed.`);
  return { checkpoint, cosigned, by };
}

const instantOf = t => t < 253402300800n ? new Date(Number(t) * 1000).toISOString() : `second ${t}`;

// readKey reads a vkey: <name>+<id>+<base64 of type and key>.
async function readKey(vkey, type) {
  const [name, id, ...rest] = vkey.split("+"), raw = base64(rest.join("+"));
  form(raw.length === 33 && raw[0] === type && name && !space.test(name), "The key given for the log or a witness is none.");
  form(keyName(name, await sha256(utf8.encode(name), [10], raw)) === `${name}+${id}`, "The key given for the log or a witness is damaged.");
  return [`${name}+${id}`, { type, key: raw.slice(1) }];
}

const keyName = (name, bytes) => name + "+" + [...bytes.slice(0, 4)].map(b => b.toString(16).padStart(2, "0")).join("");

// --- The tree

// leafHash is the hash of the leaf that commits to a record: 0x01 ‖ HMAC-SHA256(key, record).
export async function leafHash(key, canonical) {
  const mac = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return sha256([0, 1], new Uint8Array(await crypto.subtle.sign("HMAC", mac, utf8.encode(canonical))));
}

async function included(leaf, { index, hashes }, { size, hash: root }) {
  if (index >= size) return false;
  let h = leaf, n = index, last = size - 1n;
  for (const beside of hashes) { // RFC 9162, section 2.1.3.2
    if (last === 0n) return false;
    if (n & 1n || n === last) {
      h = await sha256([1], beside, h);
      while (!(n & 1n) && n !== 0n) { n >>= 1n; last >>= 1n; }
    } else h = await sha256([1], h, beside);
    n >>= 1n; last >>= 1n;
  }
  return last === 0n && h.every((b, i) => b === root[i]);
}

// --- Pieces

async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts.map(p => new Uint8Array(p))).arrayBuffer()));
}

// base64 has one text for the same bytes: no line breaks, no loose bits.
function base64(s) {
  form(typeof s === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(s), "Something is not base64.");
  const raw = atob(s);
  form(btoa(raw) === s, "Something is not base64 in its standard form.");
  return Uint8Array.from(raw, c => c.charCodeAt(0));
}

function hash(s) {
  const b = base64(s);
  form(b.length === 32, "A hash does not have 32 bytes.");
  return b;
}

function number(s) {
  form(/^(0|[1-9]\d{0,19})$/.test(s) && BigInt(s) < 1n << 64n, "A number is not written as one.");
  return BigInt(s);
}

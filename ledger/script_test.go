package ledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/ledger"
	"github.com/chromedp/chromedp"
)

// browser opens a real Chromium. Without one the test fails under CI and is left out elsewhere, saying so.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("AVOW_CI") == "1" {
			t.Fatal("no chromium: apt-get install chromium")
		}
		t.Skip("no chromium: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.UserDataDir(t.TempDir()))
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	return ctx
}

// page opens the verifier as a person does who saved the page: from a file. Its policy lets it load nothing.
func page(t *testing.T) context.Context {
	t.Helper()
	ctx := browser(t)
	path := filepath.Join(t.TempDir(), "verify.html")
	html := `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'">
<script type="module">` + ledger.VerifierScript() + `
Object.assign(globalThis, { verify, canonicalJSON, leafHash });
</script>`
	if err := os.WriteFile(path, []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+path)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// run gives a value to a function in the page, waits for what it promises and reads that.
func run[T any](t *testing.T, ctx context.Context, function string, input any) T {
	t.Helper()
	b, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	// As a string in a string: nothing of the input is code.
	quoted, err := json.Marshal(string(b))
	if err != nil {
		t.Fatal(err)
	}
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](
		`(async () => JSON.stringify(await (`+function+`)(JSON.parse(`+string(quoted)+`)), (_, v) => typeof v === "bigint" ? v.toString() : v))()`,
		chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// The two verifiers say the same of every receipt, for the same reason.
func TestScriptOnVectors(t *testing.T) {
	ctx := page(t)
	var file struct {
		Log      string
		Receipts []receiptVector
	}
	vectors(t, "vectors/receipts.json", &file)
	type answer struct {
		OK               bool
		Reason, Message  string
		Record           json.RawMessage
		Canonical        string
		Index            string
		Checkpoint       struct{ Origin, Size, Root string }
		Cosigned         []struct{ Name, Time string }
		Proven, Unproven []string
	}
	all := run[[]answer](t, ctx, `async ({ Log, Receipts }) => {
		const answers = [];
		for (const c of Receipts) {
			const text = c.receipt, bytes = new TextEncoder().encode(text);
			const given = { logs: c.logs ?? [Log], witnesses: c.witnesses ?? [], demand: c.demand ?? 0 };
			const a = await verify(text, given), b = await verify(bytes, given);
			answers.push(JSON.stringify(a, big) === JSON.stringify(b, big) ? a : { reason: "text and bytes differ" });
		}
		return answers;
		function big(_, v) { return typeof v === "bigint" ? v.toString() : v; }
	}`, file)
	if len(all) != len(file.Receipts) || len(all) < 80 {
		t.Fatalf("%d answers for %d receipts", len(all), len(file.Receipts))
	}
	for i, c := range file.Receipts {
		a := all[i]
		if a.Reason != c.Reason || a.OK != (c.Reason == "") {
			t.Errorf("%s: %q (%s), want %q", c.Name, a.Reason, a.Message, c.Reason)
			continue
		}
		if !a.OK {
			if len(a.Proven) > 0 || len(a.Record) > 0 || a.Message == "" {
				t.Errorf("%s: a refusal with more than its reason: %+v", c.Name, a)
			}
			continue
		}
		if string(canonical(t, a.Record)) != c.Record {
			t.Errorf("%s: %s", c.Name, a.Record)
		}
		if a.Index != number(c.Index) || a.Checkpoint.Size != number(c.Size) || a.Checkpoint.Origin != origin || len(a.Proven) < 2 || len(a.Unproven) < 3 {
			t.Errorf("%s: %+v", c.Name, a)
		}
		if c.Demand > 0 && (len(a.Cosigned) != 2 || a.Cosigned[0].Name != witness1 || a.Cosigned[0].Time != "2026-11-01T10:00:00.000Z" ||
			!strings.Contains(a.Proven[2], witness2)) {
			t.Errorf("%s: %+v", c.Name, a.Cosigned)
		}
	}
}

func number(n uint64) string {
	b, err := json.Marshal(n)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// The script and the browser's own HKDF come to the same keys and leaves from the vectors of records.
func TestScriptOnRecords(t *testing.T) {
	ctx := page(t)
	var file struct{ Good []recordVector }
	vectors(t, "vectors/records.json", &file)
	wrong := run[[]string](t, ctx, `async ({ Good }) => {
		const bytes = hex => Uint8Array.from(hex.match(/../g), b => parseInt(b, 16)), wrong = [];
		const asMap = v => Array.isArray(v) ? v.map(asMap) : v && typeof v === "object" ? new Map(Object.entries(v).map(([k, w]) => [k, asMap(w)])) : v;
		for (const c of Good) {
			const ring = await crypto.subtle.importKey("raw", bytes(c.ring_key_hex), "HKDF", false, ["deriveBits"]);
			const info = new Uint8Array([...new TextEncoder().encode("avow/entry/v1"), ...bytes(c.entry_id_hex)]);
			const key = new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info }, ring, 256));
			if (key.join() !== bytes(c.k_entry_hex).join()) wrong.push(c.name + ": key");
			if (btoa(String.fromCharCode(...await leafHash(key, c.canonical))) !== c.leaf_hash) wrong.push(c.name + ": leaf hash");
			if (canonicalJSON(asMap(JSON.parse(c.canonical))) !== c.canonical) wrong.push(c.name + ": canonical form");
		}
		return wrong;
	}`, file)
	for _, w := range wrong {
		t.Error(w)
	}
}

// Keys that are none, input that is no text, and no key at all are answers, not exceptions.
func TestScriptNeverThrows(t *testing.T) {
	ctx := page(t)
	m := makeLog(3)
	answers := run[[]string](t, ctx, `async ([text, vkey]) => {
		const answers = [];
		for (const [receipt, given] of [
			[text, { logs: [vkey] }], [text, { logs: [] }], [text, { logs: ["x"] }], [text, { logs: [vkey.replace("+", "+0")] }], [text, { logs: [vkey], witnesses: [vkey] }],
			[text, { logs: [vkey], demand: 1 }], [new Uint8Array([255, 254]), { logs: [vkey] }], ["\ud800", { logs: [vkey] }], [null, { logs: [vkey] }], ["[".repeat(1e6), { logs: [vkey] }],
			["{" + '"a":'.repeat(1e5), { logs: [vkey] }], [new Uint8Array(20e6), { logs: [vkey] }], ["[" + "0,".repeat(1e6) + "0]", { logs: [vkey] }],
		]) answers.push((await verify(receipt, given)).reason);
		return answers;
	}`, []string{textOf(m.receipt(1, 3)), m.signer.Key()})
	want := []string{"", "unknown-log", "malformed", "malformed", "malformed", "witnesses", "malformed", "malformed", "malformed", "malformed", "malformed", "malformed", "malformed"}
	if strings.Join(answers, ",") != strings.Join(want, ",") {
		t.Errorf("got  %q\nwant %q", answers, want)
	}
}

// Damage of any kind is judged alike by both verifiers. The seed is fixed: a difference can be found again.
func TestScriptAgreesOnDamage(t *testing.T) {
	ctx := page(t)
	m := makeLog(vectorLog)
	r := m.receipt(5, 300)
	r.Proof.Checkpoint = cosign(r.Proof.Checkpoint, witness1, witness1, witnessed)
	good := []byte(textOf(r))
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"", " ", "\n", "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "9", "-", ".", "e", "=", "A", "+", "/", "\\n", "\\u0041", "\\ud800", "ü", "—", "\x00", "true", "1e5", "\u2028"}
	input := damaged{Logs: []string{m.signer.Key()}, Witnesses: []string{witnessKey(witness1)}}
	var want []string
	v := must(verifier(t).WithWitnesses(0, input.Witnesses...))
	for range 4000 {
		b := slices.Clone(good)
		for range 1 + random.IntN(2) {
			from := random.IntN(len(b))
			to := min(len(b), from+random.IntN(3))
			b = slices.Concat(b[:from], []byte(pieces[random.IntN(len(pieces))]), b[to:])
		}
		input.Receipts = append(input.Receipts, b)
		_, _, err := ledger.CheckReceipt(b, v)
		want = append(want, reasonOf(err))
	}
	got := run[[]string](t, ctx, `async ({ Logs, Witnesses, Receipts }) => {
		const answers = [];
		for (const r of Receipts) answers.push((await verify(Uint8Array.from(atob(r), c => c.charCodeAt(0)), { logs: Logs, witnesses: Witnesses })).reason);
		return answers;
	}`, input)
	counts := map[string]int{}
	for i := range want {
		if counts[want[i]]++; got[i] != want[i] {
			t.Errorf("%q, not %q:\n%s", got[i], want[i], input.Receipts[i])
		}
	}
	t.Log(counts)
	if counts[""] == 0 || counts["not-included"] == 0 || counts["signature"] == 0 || counts["malformed"] == 0 {
		t.Errorf("too little variety: %v", counts)
	}
}

type damaged struct {
	Logs, Witnesses []string
	Receipts        [][]byte
}

// reasonOf names the error as the vectors do.
func reasonOf(err error) string {
	if err == nil {
		return ""
	}
	for name, reason := range reasons {
		if reason != nil && errors.Is(err, reason) {
			return name
		}
	}
	return "no reason: " + err.Error()
}

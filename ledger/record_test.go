package ledger_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/avowhq/avow/ledger"
	"github.com/google/go-cmp/cmp"
	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"
)

// texts draws strings that canonical JSON treats in different ways.
func texts() *rapid.Generator[string] {
	runes := rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("\x00\x1f\"\\/\b\t\n\f\r\u007f\u2028\ue000\ufffd\uffff\U00010000\U0010ffff")))
	return rapid.StringOfN(runes, 0, 12, -1)
}

// values draws JSON values of the kind that records allow.
func values(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		rapid.Int64Range(-1<<53+1, 1<<53-1).AsAny(),
		texts().AsAny(),
	}
	if depth > 0 {
		leaves = append(leaves, rapid.SliceOfN(values(depth-1), 0, 4).AsAny(), objects(depth-1).AsAny())
	}
	return rapid.OneOf(leaves...)
}

func objects(depth int) *rapid.Generator[map[string]any] {
	return rapid.MapOfN(texts(), values(depth), 0, 5)
}

// canonical is what another implementation of RFC 8785 makes of a value.
func canonical(t interface{ Fatal(...any) }, v any) []byte {
	plain, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	b, err := jcs.Transform(plain)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func records() *rapid.Generator[ledger.Record] {
	return rapid.Custom(func(t *rapid.T) ledger.Record {
		instant := rapid.Int64Range(-62135596800000000, 253402300799999999).Filter(func(i int64) bool { return i != 0 })
		return ledger.Record{
			V:        1,
			Site:     texts().Draw(t, "site"),
			Kind:     texts().Filter(func(s string) bool { return s != "" }).Draw(t, "kind"),
			At:       ledger.Instant(instant.Draw(t, "at")),
			Recorded: ledger.Instant(instant.Draw(t, "recorded")),
			Version:  texts().Draw(t, "version"),
			Clauses:  rapid.SliceOfN(texts(), 1, 4).Draw(t, "clauses"),
			Body:     canonical(t, objects(2).Draw(t, "body")),
		}
	})
}

// The fast writer and another implementation of RFC 8785 agree on every byte, and reading is the way back.
func TestRecordIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := records().Draw(t, "record")
		got, err := r.AppendCanonical(nil)
		if err != nil {
			t.Fatal(err)
		}
		want := canonical(t, map[string]any{
			"v": 1, "site": r.Site, "kind": r.Kind, "version": r.Version, "clauses": r.Clauses, "body": json.RawMessage(r.Body),
			"at":       r.At.Time().Format("2006-01-02T15:04:05.000000Z"),
			"recorded": r.Recorded.Time().Format("2006-01-02T15:04:05.000000Z"),
		})
		if !bytes.Equal(got, want) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
		back, err := ledger.ParseRecord(got)
		if err != nil {
			t.Fatalf("%v: %s", err, got)
		}
		if d := cmp.Diff(r, back); d != "" {
			t.Fatal(d)
		}
	})
}

// One string, one form: the same as the other implementation, for any text.
func TestJSONStringIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := texts().Draw(t, "text")
		if got, want := ledger.AppendJSONString(nil, s), canonical(t, s); !bytes.Equal(got, want) {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
	if got := string(ledger.AppendJSONString(nil, "a\xffb\xe2\x82")); got != "\"a\ufffdb\ufffd\ufffd\"" {
		t.Errorf("not UTF-8: %q", got)
	}
}

// What is not canonical is refused on writing, so that no receipt is made that others read differently.
func TestBodiesRefused(t *testing.T) {
	for _, body := range []string{
		"", " {}", "{} ", "[]", "null", `"a"`, "{", `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1 }`, `{"b":1,"a":2}`, `{"a":1,"a":2}`,
		`{"a":01}`, `{"a":-0}`, `{"a":1.0}`, `{"a":1e3}`, `{"a":1.5}`, `{"a":9007199254740992}`, `{"a":-9007199254740992}`,
		`{"a":99999999999999999999999999}`, `{"a":-}`, `{"a":+1}`, `{"a":tru}`, `{"a":[1,]}`, `{"a":[1`, `{"a":"\/"}`, `{"a":"\u0041"}`,
		`{"a":"\u000a"}`, `{"a":"\u001F"}`, `{"a":"\ud83d\ude00"}`, `{"a":"\x"}`, `{"a":"\`, `{"a":"` + "\n" + `"}`, `{"a":"` + "\xff" + `"}`, `{"a":"`,
		`{"\ufb33":1}`, "{\"\ue000\":1,\"\U00010000\":2}", // UTF-16 puts the latter first
		"{" + string(bytes.Repeat([]byte(`"a":{`), 70)) + string(bytes.Repeat([]byte("}"), 71)),
	} {
		r := ledger.Record{V: 1, Kind: "k", At: 1, Recorded: 1, Body: []byte(body)}
		if b, err := r.AppendCanonical(nil); err == nil {
			t.Errorf("accepted: %s", b)
		}
	}
	for _, body := range []string{
		`{}`, `{"":0}`, `{"a":9007199254740991,"b":-9007199254740991}`, "{\"\U00010000\":1,\"\ue000\":2}",
		`{"a":"\u001f\b\t\n\f\r\"\\/","b":[],"c":[{},null,true,false,-1]}`, `{"\n":1,"\r":2,"1":3}`,
	} {
		r := ledger.Record{V: 1, Kind: "k", At: 1, Recorded: 1, Body: []byte(body)}
		if _, err := r.AppendCanonical(nil); err != nil {
			t.Errorf("refused: %s: %v", body, err)
		}
	}
}

// Every other defect of a record is refused, and the buffer stays as it was.
func TestRecordsRefused(t *testing.T) {
	good := ledger.Record{V: 1, Kind: "k", At: 1, Recorded: 1}
	for name, spoil := range map[string]func(*ledger.Record){
		"version":     func(r *ledger.Record) { r.V = 0 },
		"kind":        func(r *ledger.Record) { r.Kind = "" },
		"at":          func(r *ledger.Record) { r.At = 0 },
		"year 0":      func(r *ledger.Record) { r.At = -62135596800000001 },
		"year 10000":  func(r *ledger.Record) { r.Recorded = 253402300800000000 },
		"site":        func(r *ledger.Record) { r.Site = "\xff" },
		"clause":      func(r *ledger.Record) { r.Clauses = []string{"a", "\xc0\x80"} },
		"length":      func(r *ledger.Record) { r.Site = string(bytes.Repeat([]byte("a"), ledger.MaxRecord)) },
		"body length": func(r *ledger.Record) { r.Body = bytes.Repeat([]byte(" "), ledger.MaxRecord+1) },
	} {
		r := good
		spoil(&r)
		if b, err := r.AppendCanonical([]byte("before")); err == nil || string(b) != "before" {
			t.Errorf("%s: %v, left %.60q", name, err, b)
		}
	}
	if b, err := good.AppendCanonical([]byte("before")); err != nil || !bytes.HasPrefix(b, []byte("before{")) {
		t.Errorf("%v, %s", err, b)
	}
}

// Only the canonical bytes are read: each change of one byte is refused or is another record.
func TestRecordReadsOneForm(t *testing.T) {
	r := ledger.Record{V: 1, Site: "s", Kind: "k", At: 1, Recorded: 2, Version: "3", Clauses: []string{"a", "b\n"}, Body: []byte(`{"a":[1,-2,"ü"],"b":{"c":null}}`)}
	whole, err := r.AppendCanonical(nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		if _, err := ledger.ParseRecord(whole[:i]); err == nil {
			t.Errorf("accepted cut at %d", i)
		}
		for _, c := range []byte(" \"{}[],:0a\\\x00\xff") {
			b := slices.Clone(whole)
			b[i] = c
			read, err := ledger.ParseRecord(b)
			if err != nil {
				continue
			}
			if again, err := read.AppendCanonical(nil); err != nil || !bytes.Equal(again, b) {
				t.Errorf("read %s\nas   %s", b, again)
			}
		}
	}
	if _, err := ledger.ParseRecord(append(whole, ' ')); err == nil {
		t.Error("accepted a space at the end")
	}
}

// Instants are written as the time package writes them, to the microsecond, over all four-digit years.
func TestInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := ledger.Instant(rapid.Int64Range(-62135596800000000, 253402300799999999).Draw(t, "instant"))
		want := i.Time().Format("2006-01-02T15:04:05.000000Z")
		if i.String() != want {
			t.Fatalf("%d is %s, want %s", i, i, want)
		}
		if back, err := ledger.ParseInstant(want); i != 0 && (err != nil || back != i) {
			t.Fatalf("%s read as %d, %v", want, back, err)
		}
	})
	for day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 10000; day = day.AddDate(0, 0, 13) {
		if got, want := ledger.InstantOf(day).String(), day.Format("2006-01-02T15:04:05.000000Z"); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	for _, s := range []string{
		"", "2026-11-24T09:30:00Z", "2026-11-24T09:30:00.00000Z", "2026-11-24T09:30:00.0000000Z", "2026-11-24T09:30:00,000000Z",
		"2026-11-24t09:30:00.000000Z", "2026-11-24T09:30:00.000000+00:00", "2026-02-30T09:30:00.000000Z", "1970-01-01T00:00:00.000000Z",
		"2026-11-24T24:00:00.000000Z", "2026-11-24T09:30:60.000000Z", "0000-11-24T09:30:00.000000Z", "2026-11-24T09:30:00.000000z",
	} {
		if i, err := ledger.ParseInstant(s); err == nil {
			t.Errorf("%q read as %d", s, i)
		}
	}
}

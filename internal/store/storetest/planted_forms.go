package storetest

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"iter"
	"net/url"
	"strings"
	"unicode/utf16"
)

// A form is one way in which a value can stand somewhere.
type form struct {
	needle []byte
	what   string
	folded bool // searched without regard to the case of ASCII letters
}

func formsOf(v string) []form {
	var out []form
	seen := map[string]bool{}
	add := func(what string, folded bool, needle []byte) {
		if len(needle) >= 4 && !seen[string(needle)] {
			seen[string(needle)] = true
			out = append(out, form{needle, what, folded})
		}
	}
	for _, w := range []string{v, strings.ToLower(v), strings.ToUpper(v), strings.ToTitle(v)} {
		add("as it is", true, []byte(w))
		add("percent-encoded", true, []byte(url.QueryEscape(w)))
		add("percent-encoded", true, []byte(url.PathEscape(w)))
		add("percent-encoded", true, []byte(percent(w)))
		add("escaped for JSON", true, []byte(jsonEscaped(w, false)))
		add("escaped for JSON", true, []byte(jsonEscaped(w, true)))
		add("escaped for HTML", true, []byte(html.EscapeString(w)))
		add("in hex", true, []byte(hex.EncodeToString([]byte(w))))
		for _, b := range inBase64([]byte(w)) {
			add("in base64", false, b)
		}
		little, big := inUTF16(w)
		add("in UTF-16", true, little)
		add("in UTF-16", true, big)
		hashes(w, add)
	}
	return out
}

func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// jsonEscaped writes all that is not ASCII as \u; and, as some do, all signs but letters and digits.
func jsonEscaped(s string, signs bool) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		case r > 0x7e, signs && strings.ContainsRune("<>&'+@/=", r):
			fmt.Fprintf(&b, `\u%04x`, r)
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// inBase64 is what a value looks like within a longer text in base64: at each of three offsets, without
// the digits at both ends that depend on what stands beside it.
func inBase64(v []byte) [][]byte {
	var out [][]byte
	for offset := range 3 {
		padded := append(make([]byte, offset), v...)
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := e.EncodeToString(padded)
			text = text[(offset*8+5)/6:]
			if len(padded)%3 != 0 {
				text = text[:len(text)-1]
			}
			out = append(out, []byte(text))
		}
	}
	return out
}

func inUTF16(s string) (little, big []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	return little, big
}

func hashes(v string, add func(string, bool, []byte)) {
	s256, s1, m, s512 := sha256.Sum256([]byte(v)), sha1.Sum([]byte(v)), md5.Sum([]byte(v)), sha512.Sum512([]byte(v))
	for name, sum := range map[string][]byte{"SHA-256": s256[:], "SHA-1": s1[:], "MD5": m[:], "SHA-512": s512[:]} {
		what := "as its " + name
		add(what, false, sum)
		add(what, true, []byte(hex.EncodeToString(sum)))
		for _, b := range inBase64(sum) {
			add(what, false, b)
		}
	}
}

// unpack yields what is gzipped or deflated somewhere in the content.
func unpack(content []byte) iter.Seq2[string, []byte] {
	const most = 64 << 20
	return func(yield func(string, []byte) bool) {
		for i := 0; i+2 < len(content); i++ {
			var r io.Reader
			var err error
			what := "gzipped"
			switch {
			case content[i] == 0x1f && content[i+1] == 0x8b && content[i+2] == 8:
				var z *gzip.Reader
				if z, err = gzip.NewReader(bytes.NewReader(content[i:])); err == nil {
					z.Multistream(false) // something else may follow
				}
				r = z
			case content[i] == 0x78 && (int(content[i])<<8|int(content[i+1]))%31 == 0:
				what = "deflated"
				r, err = zlib.NewReader(bytes.NewReader(content[i:]))
			default:
				continue
			}
			if err != nil {
				continue
			}
			// A stream may be cut off: what came out of it before counts.
			inside, _ := io.ReadAll(io.LimitReader(r, most))
			if len(inside) >= shortest && !yield(what, inside) {
				return
			}
		}
	}
}

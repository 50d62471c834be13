package ledger

import "unicode/utf8"

// AppendJSONString writes s as a JSON string in the one form of RFC 8785 (JCS): only the quote, the
// backslash and control characters are escaped, the latter in their short form where there is one.
// Invalid UTF-8 becomes U+FFFD.
func AppendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain(c) {
			i++
			continue
		}
		n := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, n = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		}
		b = appendEscape(append(b, s[start:i]...), c)
		i += n
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

// plain reports a byte that stands for itself in a canonical string and is a whole character.
func plain(c byte) bool { return c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf }

func appendEscape(b []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	if c >= utf8.RuneSelf {
		return utf8.AppendRune(b, utf8.RuneError)
	}
	if short := shortEscape(c); short != 0 {
		return append(b, '\\', short)
	}
	return append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}

// shortEscape is the letter after the backslash, or 0.
func shortEscape(c byte) byte {
	switch c {
	case '"', '\\':
		return c
	case '\b':
		return 'b'
	case '\t':
		return 't'
	case '\n':
		return 'n'
	case '\f':
		return 'f'
	case '\r':
		return 'r'
	default:
		return 0
	}
}

package law

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A misplaced is what is wrong in the text of a profile, and on which line.
type misplaced struct {
	line int
	err  error
}

func (m misplaced) Error() string { return m.err.Error() }
func (m misplaced) Unwrap() error { return m.err }

// placed says an error of reading JSON in words of ours, and finds its line: by the offset that it
// knows, by the one given, or by the first place of a word that it quotes.
func placed(text []byte, offset int64, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		offset, err = int64(len(text)), fmt.Errorf("the text ends in the middle: %w", io.ErrUnexpectedEOF)
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
		what := "a profile"
		if kind.Field != "" {
			what = fmt.Sprintf("member %q", kind.Field)
		}
		err = fmt.Errorf("%s is no %s here", what, kind.Value)
	case offset == 0:
		if parts := strings.SplitN(err.Error(), `"`, 3); len(parts) == 3 {
			offset = int64(max(0, bytes.Index(text, []byte(`"`+parts[1]+`"`))))
		}
	}
	offset = min(offset, int64(len(text)))
	return misplaced{1 + bytes.Count(text[:offset], []byte("\n")), err}
}

package policy

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/avowhq/avow/decision"
)

// The words in which a policy is told to people, one file a language. A new language is a file here with
// the same keys; TestSpeechesAgree compares them.
//
//go:embed speech/*.json
var speeches embed.FS

// A Speech is the words of one language: sentences with {holes}, and the names of countries.
type Speech struct {
	Lang      string            `json:"lang"` // BCP 47
	Name      string            `json:"name"` // of the language, in itself
	Texts     map[string]string `json:"texts"`
	Countries map[string]string `json:"countries"` // by ISO 3166-1, and by US-CA and its like
}

// SpeechLanguages lists the languages that there are words for, in alphabetical order.
func SpeechLanguages() []string {
	entries, _ := speeches.ReadDir("speech") // sorted
	var out []string
	for _, e := range entries {
		out = append(out, strings.TrimSuffix(e.Name(), ".json"))
	}
	return out
}

// SpeechIn reads the words of a language, named by its primary subtag. The error lists those that there
// are.
func SpeechIn(lang string) (*Speech, error) {
	text, err := speeches.ReadFile(path.Join("speech", lang+".json"))
	if err != nil {
		return nil, fmt.Errorf("no words for language %q; there are %s", lang, strings.Join(SpeechLanguages(), ", "))
	}
	s := &Speech{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("read words of %s: %w", lang, err)
	}
	return s, nil
}

// Say is the text of a key, its holes filled from pairs of name and value. A key that is missing shows
// itself, between ⟦ and ⟧.
func (s *Speech) Say(key string, pairs ...string) string {
	text, ok := s.Texts[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{"+pairs[i]+"}", pairs[i+1])
	}
	return text
}

// Word is the text of a key where there is one, else a name of the vocabulary as it reads: dots and
// hyphens are spaces.
func (s *Speech) Word(key, name string, pairs ...string) string {
	if _, ok := s.Texts[key+"."+name]; ok {
		return s.Say(key+"."+name, pairs...)
	}
	return spoken(name)
}

func spoken(name string) string {
	return strings.NewReplacer(".", " ", "-", " ", "_", " ").Replace(name)
}

// Country is the name of a country, or its code.
func (s *Speech) Country(code string) string {
	if n, ok := s.Countries[code]; ok {
		return n
	}
	if land, region, ok := strings.Cut(code, "-"); ok {
		return s.Country(land) + ", " + region
	}
	return code
}

// In is a country after the word in: in Ireland, in the United States.
func (s *Speech) In(code string) string {
	if _, ok := s.Texts["in."+code]; ok {
		return s.Say("in." + code)
	}
	return s.Say("in", "x", s.Country(code))
}

// List joins with commas and the word of the key list.and or list.or.
func (s *Speech) List(word string, items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return s.Say("list."+word, "a", strings.Join(items[:last], ", "), "b", items[last])
}

// Span is a duration: "1 year and 1 day". After a word that wants the dative, form is ".dative".
func (s *Speech) Span(d decision.Duration, form string) string {
	hours, minutes := d.Micros/3600e6, d.Micros%3600e6/60e6
	var parts []string
	for _, p := range []struct {
		unit string
		n    int64
	}{{"year", int64(d.Months / 12)}, {"month", int64(d.Months % 12)}, {"day", int64(d.Days)}, {"hour", hours}, {"minute", minutes}} {
		switch {
		case p.n == 1:
			parts = append(parts, s.Say("span."+p.unit+".one"))
		case p.n != 0:
			parts = append(parts, s.Say("span."+p.unit+form, "n", strconv.FormatInt(p.n, 10)))
		}
	}
	return s.List("and", parts)
}

// Count is a number of what the key counts: the key itself with a hole n, or the key with .one for one.
func (s *Speech) Count(key string, n int) string {
	if n == 1 {
		return s.Say(key + ".one")
	}
	return s.Say(key, "n", strconv.Itoa(n))
}

// Day is a date as people write it.
func (s *Speech) Day(t time.Time) string {
	return s.Say("date", "d", strconv.Itoa(t.Day()), "m", s.Say("month."+strconv.Itoa(int(t.Month()))), "y", strconv.Itoa(t.Year()))
}

// Sentence begins with a capital, behind the marks of a Teller if it begins with one.
func Sentence(text string) string {
	for i, c := range text {
		if unicode.Is(unicode.Co, c) || unicode.IsPunct(c) {
			continue
		}
		return text[:i] + string(unicode.ToUpper(c)) + text[i+utf8.RuneLen(c):]
	}
	return text
}

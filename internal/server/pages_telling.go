package server

import (
	"fmt"
	"html"
	"html/template"
	"strconv"
	"strings"

	"github.com/avowhq/avow/policy"
)

// Words of the vocabulary stand between these in what a Teller says; no notice has them in its text.
const nameBegins, nameEnds = "\ue000", "\ue001"

// marked is a telling as HTML, the words of the vocabulary set apart.
func marked(text, lang string) template.HTML {
	open := `<i>`
	if lang != "" {
		open = `<i lang="` + html.EscapeString(lang) + `">`
	}
	return template.HTML(strings.NewReplacer(nameBegins, open, nameEnds, `</i>`).Replace(html.EscapeString(text)))
}

// tell makes the notice in one language: prose, and what is computed of promises and examples.
func (x *site) tell(speech *policy.Speech, results []policy.Result) (*toldNotice, error) {
	t := policy.NewTeller(x.policy, speech)
	t.Before, t.After = nameBegins, nameEnds
	text := x.textIn(speech.Lang)
	out := &toldNotice{speech: speech, title: text.Title}
	wordsLang := "" // of the vocabulary, where it is not the page's
	if own := x.policy.OwnLanguage(); speech.Lang != own {
		wordsLang = own
	}
	intro, err := policy.RenderProse(text.Intro)
	if err != nil {
		return nil, err
	}
	out.intro = template.HTML(intro)
	links := map[*policy.Clause]clauseLink{}
	levels := levelsOf(x.policy.Clauses)
	for i, c := range x.policy.Clauses {
		one, err := x.tellClause(t, i, text.Clauses[c.ID].Prose, results, wordsLang)
		if err != nil {
			return nil, err
		}
		one.Level, one.clauseLink = levels[i].level, clauseLink{c.ID, levels[i].number, text.Clauses[c.ID].Title}
		links[c] = one.clauseLink
		out.clauses = append(out.clauses, one)
	}
	out.short = summary(t, links, wordsLang)
	return out, nil
}

// textIn is the prose of the notice in one of its languages.
func (x *site) textIn(lang string) policy.Translation {
	for _, t := range x.policy.Translations {
		if t.Lang == lang {
			return t
		}
	}
	own := policy.Translation{Title: x.policy.Front.Title.Text, Intro: x.policy.Intro, Clauses: map[string]policy.TranslatedClause{}}
	for _, c := range x.policy.Clauses {
		own.Clauses[c.ID] = policy.TranslatedClause{Title: c.Title, Prose: c.Prose}
	}
	return own
}

func (x *site) tellClause(t *policy.Teller, i int, text string, results []policy.Result, wordsLang string) (clauseView, error) {
	c, cover := x.policy.Clauses[i], x.coverage.Clauses[i]
	prose, err := policy.RenderProse(text)
	if err != nil {
		return clauseView{}, err
	}
	one := clauseView{Status: string(cover.Status), Prose: template.HTML(prose)}
	for _, f := range cover.Flags {
		one.Broken = one.Broken || f == policy.FlagBroken
	}
	for _, s := range x.policy.Front.Suspended {
		if s.Clause.Text == c.ID {
			one.Suspended = t.Say("page.suspended", "date", t.Day(s.Since.Time().In(x.policy.Front.Location)), "x", s.Reason.Text)
		}
	}
	for _, p := range c.Promises {
		one.Promises = append(one.Promises, saidView{Text: marked(t.Promise(p), wordsLang)})
	}
	for _, r := range results {
		if r.Example.Clause == c {
			mark := map[policy.Verdict]string{policy.Waiting: "page.proof.waits", policy.Failed: "page.proof.failed"}[r.Verdict]
			one.Proofs = append(one.Proofs, saidView{marked(t.Example(r.Example), wordsLang), mark})
		}
	}
	return one, nil
}

type place struct {
	level  int
	number string
}

// levelsOf numbers the clauses as they lie in each other. A heading is never more than one below the one
// before, whatever the notice skipped.
func levelsOf(clauses []*policy.Clause) []place {
	var out []place
	var open, counts []int // levels in the notice, and how many so far at each depth
	for _, c := range clauses {
		for len(open) > 0 && open[len(open)-1] >= c.Level {
			open = open[:len(open)-1]
		}
		open = append(open, c.Level)
		depth := len(open)
		if len(counts) < depth {
			counts = append(counts, 0)
		}
		counts = counts[:depth]
		counts[depth-1]++
		var number []string
		for _, n := range counts {
			number = append(number, strconv.Itoa(n))
		}
		out = append(out, place{min(depth+1, 6), strings.Join(number, ".")})
	}
	return out
}

// linesShown is how many lines of a part of the summary are not folded.
const linesShown = 6

func summary(t *policy.Teller, links map[*policy.Clause]clauseLink, wordsLang string) []groupView {
	s := t.Summary()
	var out []groupView
	for _, g := range []struct {
		key   string
		lines []policy.SummaryLine
	}{
		{"collected", s.Collected},
		{"uses", s.Uses},
		{"recipients", s.Recipients},
		{"places", s.Places},
		{"kept", s.Kept},
		{"never", s.Never},
		{"changes", s.Changes},
		{"rights", s.Rights},
	} {
		v := groupView{Key: g.key}
		if _, always := t.Texts["page.none."+g.key]; len(g.lines) == 0 && !always {
			continue
		}
		for i, l := range g.lines {
			line := lineView{Head: marked(policy.Sentence(l.Head), wordsLang), Text: marked(l.Text, wordsLang)}
			for _, c := range l.Clauses {
				line.Clauses = append(line.Clauses, links[c])
			}
			if i < linesShown || len(g.lines) == linesShown+1 {
				v.First = append(v.First, line)
			} else {
				v.Rest = append(v.Rest, line)
			}
		}
		out = append(out, v)
	}
	return out
}

// tellAll tells the notice in every language that it has.
func (x *site) tellAll(results []policy.Result) error {
	for _, lang := range x.languages() {
		speech, err := policy.SpeechIn(lang)
		if err != nil {
			return fmt.Errorf("tell %s: %w", x.model.Site, err)
		}
		told, err := x.tell(speech, results)
		if err != nil {
			return fmt.Errorf("tell %s: %w", x.model.Site, err)
		}
		x.told = append(x.told, told)
	}
	return nil
}

// languages are those of the page, the notice's own first.
func (x *site) languages() []string {
	out := []string{x.policy.OwnLanguage()}
	for _, t := range x.policy.Translations {
		out = append(out, t.Lang)
	}
	return out
}

package policy_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/avowhq/avow/policy"
)

// What the vocabulary says that people call a thing is read where it may stand, and refused where it does
// not read as one text. Roles may be a mapping for it.
func TestNamesForPeople(t *testing.T) {
	for _, x := range []struct{ name, old, text, codes, say string }{
		{"roles as a mapping", "roles: [clerk]", "roles: {clerk: {name: our clerk}}", "", ""},
		{"a role without a name", "roles: [clerk]", "roles: {clerk: {}}", "", ""},
		{"an empty name", "roles: [clerk]", `roles: {clerk: {name: ""}}`, "E05", "name has no value"},
		{"a list for a name", "roles: [clerk]", "roles: {clerk: {name: [our, clerk]}}", "E05", "one text"},
		{"a key that is not known", "roles: [clerk]", "roles: {clerk: {nam: our clerk}}", "E03", "did you mean name?"},
		{"a role that is no name", "roles: [clerk]", "roles: {clerk: {}, a clerk: {}}", "E05", `"a clerk" is no name`},
		{"a hidden character", "roles: [clerk]", "roles: {clerk: {name: our cl\u200berk}}", "E18", "U+200B"},
		{"a fact", "{is: state,", "{name: your account, is: state,", "", ""},
		{"a fact with an empty name", "{is: state,", `{name: "", is: state,`, "E05", "name has no value"},
	} {
		t.Run(x.name, func(t *testing.T) {
			texts := base(t)
			texts[policy.VocabularyFile] = strings.Replace(texts[policy.VocabularyFile], x.old, x.text, 1)
			if texts[policy.VocabularyFile] == base(t)[policy.VocabularyFile] {
				t.Fatalf("the vocabulary does not say %s", x.old)
			}
			p, problems := check(t, filesOf(texts))
			if got := strings.Join(codes(problems), " "); got != x.codes {
				t.Errorf("reported %q, want %q", got, x.codes)
			}
			var b strings.Builder
			policy.Print(&b, p.Files, problems)
			if !strings.Contains(b.String(), x.say) {
				t.Errorf("reported\n%s\nwant %q", b.String(), x.say)
			}
		})
	}
}

// Names for people change no decision: a notice lowers to the same with them and without.
func TestNamesDecideNothing(t *testing.T) {
	named := shippedTexts(t, "starter")
	plain := shippedTexts(t, "starter")
	for _, x := range []struct{ old, text string }{
		{"treasurer: {name: our treasurer}", "treasurer: {}"},
		{"gardener:  {name: our gardener}", "gardener: {}"},
		{"{name: your account was closed}", "{}"},
		{"{name: your account, is: state,", "{is: state,"},
		{"{name: our own rooms, country: IE}", "{country: IE}"},
		{"{name: Irish tax law, law: ", "{law: "},
		{"{name: your account in the shop}", "{}"},
		{"{name: your name, term", "{term"},
		{"{name: the letter, term", "{term"},
	} {
		v := plain[policy.VocabularyFile]
		if plain[policy.VocabularyFile] = strings.Replace(v, x.old, x.text, 1); plain[policy.VocabularyFile] == v {
			t.Fatalf("the vocabulary does not say %s", x.old)
		}
	}
	lowered := func(texts map[string]string) any {
		p, problems := check(t, filesOf(texts))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		m, err := policy.Lower(p)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if !reflect.DeepEqual(lowered(named), lowered(plain)) {
		t.Error("a name for people changes what is decided")
	}
}

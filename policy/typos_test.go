package policy_test

import (
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/avowhq/avow/policy"
)

// A promise of every kind and an example of every question, with all their keys.
const (
	everyKind = `- allow: [use, combine]
  data: name
  with: email
  for: account
  of: member
  in: dublin
  from: person
  to: mailer
  by: clerk
  under: no-other-use
  ground: tax-law
  as: aggregated
  smallest-group: 20
  basis: [legitimate-interest, legal-obligation tax-law]
  objection: review
  obliges: only-aggregated
  channel: mail
  when: {membership: open, tier: {not: gold}, residence: [IE, US-CA], age: 13 to 17, left: over 1 year ago}
  unless: {joined: within 2 days, channel-used: desk}
- deny: grant
  service: club
  basis: {not: consent}
- deny: use
  data: {not: name}
  special: explicit-consent
- collect: second
  required: {mail: email}
  optional: {nick: name}
  for: account
  basis: contract membership
  of: member
  from: device
  shows: terms
  ends: club
  form: {mail: e-mail}
  as: identified
  when: {membership: open}
  unless: {tier: gold}
  asks:
    - {for: account, data: name, to: mailer, by: guardian, how: opt-in, lasts: 1 year, again: 6 months, when: {age: under 18}}
    - {for: account, how: reply, silence: consent after 24 hours}
- keep: name
  of: member
  while: {membership: open}
  until: 10 years after left
  then: erase
  for: account
  basis: legal-obligation tax-law
- on: 30 days after membership closes
  data: name
  service: club
  for: account
  to: mailer
  at: second
  when: {membership: closed}
  unless: {tier: gold}
  do:
    - {tell: person, about: goodbye, once: yes}
    - {suspend: club, after: 30 days, unless: {joined: within 1 year}}
    - {cut: name, to: last 4}
    - {mask: card-number, in: mail}
    - {fingerprint: email, as: email}
  within: at once
- every: 6 months
  do: {review: rules}
- right: [access, object]
  data: name
  service: club
  for: account
  of: member
  channel: mail
  how: [account, mail]
  only-with: club
  ends: club
  by-each: channel
  review: human
  within: 14 days
  may-refuse: technical-reason
  to: mailer
  when: {membership: open}
  unless: {tier: gold}
- measure: locks
  covers: name
  check: {hash: column-is-password-hash}
  evidence: every 6 months
  limit: 35 days
  by: clerk
- cookie: [_ga]
  set-by: mailer
  for: account
  basis: necessary
  data: name
  kept: 2 years
  without: pages
  when: {membership: open}
- version: new-purpose
  binds: by notice of 30 days
  ends: club
  when: {membership: open}
- state: we are a club
  shown: privacy-page
  link: terms
  ref: A-1
  id: a-club
`
	everyQuestion = `- given:
    membership: open
    tier: gold
    left: 9 years ago
    residence: IE
    age: 30
    guardian: yes
    role: clerk
    from: person
    date: 2026-02-01
    agreement: {mail-deal: ended}
    channel: mail
    consented: [account, {for: account, data: name, to: mailer, how: opt-in, by: guardian, when: 2 days ago, channel: mail}]
    objected: account
    held: yes
    evidence: {locks: 7 months ago}
    measure: locks
    used: after publication
    disclosed: {to: mailer, data: name, for: account, when: 4 days ago}
    requested: {right: complain, clause: membership, data: name, when: 15 days ago}
    published: {adds: new-purpose, when: 10 days ago}
  ask: {action: use, data: [name], for: account, to: mailer, by: clerk, with: email, as: aggregated, group: 20, of: member, channel: mail}
  want: {allow: legal-obligation tax-law, obliges: [only-aggregated]}
- ask: {action: grant, service: club}
  want: {deny: violation, missing: consent, because: no-such-law}
- ask: {collect: second, fields: {mail: ann@mail.example}}
  want: {accept: [mail], met: terms}
- ask: {collect: second, fields: {mail: ann@mail.example}}
  want: {store: {mail: ann}}
- ask: {collect: second, fields: {}}
  want: {refuse: required, fields: mail, missing: consent}
- ask: {kept: name}
  want: {kept: account, basis: tax-law}
- ask: {cookie: _ga}
  want: {blocked: consent, loses: [pages]}
- ask: {right: object, data: name, service: club, for: account, of: member, channel: mail}
  want: {offered: [account, mail], within: 14 days, review: human, ends: club, authority: IE, to: mailer}
- ask: {right: erase}
  want: {refuse: only-with, service: club}
- ask: {refuse: access, reason: technical-reason}
  want: {deny: law, because: no-accepted-reason}
- ask: {law-check: membership}
  want: {warns: mechanism-ended}
- ask: {due: tell person}
  want: overdue
- ask: {due: suspend club}
  want: waits
- ask: {status: locks}
  want: met
- ask: {binds: notice}
  want: current
`
)

// unsaid are the places where any word is right: names where they are given, texts for people, what
// only another system knows, and what only running an example shows.
var unsaid = regexp.MustCompile(`^(` + strings.Join([]string{
	`S/identifiers/\w+ none`, `S/systems/main/(events|facts) none`, `V/(data|purposes|services|events)/\w+ none`, `V/authzen(/actions)? none`,
	`F/(site|title|controller/\w+) word`,
	`V/(people|roles|data|recipients|agreements|locations|services|facets|events|facts|grounds|formats|policies|attributes|authzen/actions|authzen/resources)/[\w-]+ key`,
	`V/(people|roles)(\[\])? (word|list)`,
	`V/(facets|facts|attributes)/[\w-]+/values(\[\])? (word|list)`,
	`V/agreements/[\w-]+/terms(\[\])? (word|list)`,
	`V/(services|recipients)/[\w-]+/name word`, `V/grounds/[\w-]+/law word`, `V/formats/[\w-]+/(pattern|say) word`, `V/policies/[\w-]+/link word`,
	`S/systems/\w+ key`, `S/systems/\w+/tables/\w+( key|/columns/\w+ key|/person/\w+ word)`,
	`promise(/(collect|measure|cookie|id|state|obliges|about|ref|shown|may-refuse|without)(\[\])? (word|list))`,
	`promise/do\[\]/(about|in) (word|list)`, `promise/do/review (word|list)`,
	`promise/(required|optional|check)/\w+ key`,
	`example/ask/(fields|store)(/\w+)? (key|word|map|none)`, `example/ask/reason word`,
	`example/want/store/\w+ (key|word)`, `example/want/store (map|none)`,
	`example/want/(obliges|missing|because|accept|fields|blocked|loses|warns)(\[\])? (word|list)`,
	`example/given none`, `example/given/agreement none`, `example/given/evidence none`,
}, "|") + `)$`)

// TestTypos puts something else in the place of every key and every value of a policy: it never passes
// in silence, for whoever wrote the right word would think that it holds.
func TestTypos(t *testing.T) {
	texts := base(t)
	texts[policy.NoticeFile] = strings.Replace(strings.Replace(texts[policy.NoticeFile], "# more promises\n", everyKind, 1), "# more examples\n", everyQuestion, 1)
	_, problems, err := policy.Read(filesOf(texts))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if !p.Warning() {
			t.Error(p)
		}
	}
	for _, d := range documents(t, texts) {
		d.eachTypo(t, func(place, text string) {
			wrong := base(t)
			for name := range wrong {
				wrong[name] = texts[name]
			}
			wrong[d.file] = strings.Replace(texts[d.file], d.text, text, 1)
			_, found, err := policy.Read(filesOf(wrong))
			if err != nil {
				t.Fatal(err)
			}
			if len(found) <= len(problems) && !unsaid.MatchString(place) {
				t.Errorf("%s: no problem in\n%s", place, text)
			}
		})
	}
}

// A document is one piece of YAML in a file.
type document struct {
	file, name, text string
}

var fences = regexp.MustCompile("(?ms)^```yaml (promise|example)\n(.*?)^```$")

func documents(t *testing.T, texts map[string]string) []document {
	t.Helper()
	notice := texts[policy.NoticeFile]
	out := []document{
		{policy.VocabularyFile, "V", texts[policy.VocabularyFile]},
		{policy.SystemsFile, "S", texts[policy.SystemsFile]},
		{policy.NoticeFile, "F", strings.SplitN(notice, "---\n", 3)[1]},
	}
	for _, m := range fences.FindAllStringSubmatch(notice, -1) {
		out = append(out, document{policy.NoticeFile, m[1], m[2]})
	}
	return out
}

// eachTypo visits every variant of the document with one thing wrong.
func (d document) eachTypo(t *testing.T, visit func(place, text string)) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Load([]byte(d.text), &doc); err != nil {
		t.Fatal(err)
	}
	write := func(place string) {
		text, err := yaml.Dump(&doc)
		if err != nil {
			t.Fatal(err)
		}
		visit(place, string(text))
	}
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		for i, c := range n.Content {
			at := path + "[]"
			if n.Kind == yaml.MappingNode {
				if i%2 == 0 {
					name := c.Value
					c.Value = "zzz"
					write(path + "/" + name + " key")
					c.Value = name
					continue
				}
				at = path + "/" + n.Content[i-1].Value
			}
			right := *c
			for how, wrong := range others() {
				*c = wrong
				write(at + " " + how)
			}
			*c = right
			walk(c, at)
		}
	}
	root := doc.Content[0]
	if root.Kind != yaml.SequenceNode {
		walk(root, d.name)
		return
	}
	for _, c := range root.Content {
		walk(c, d.name)
	}
}

// others are what stands in the place of a value.
func others() map[string]yaml.Node {
	word := &yaml.Node{Kind: yaml.ScalarNode, Value: "zzz"}
	return map[string]yaml.Node{
		"word":  *word,
		"map":   {Kind: yaml.MappingNode, Content: []*yaml.Node{word, word}},
		"none":  {Kind: yaml.MappingNode, Style: yaml.FlowStyle},
		"list":  {Kind: yaml.SequenceNode, Content: []*yaml.Node{word}},
		"empty": {Kind: yaml.SequenceNode, Style: yaml.FlowStyle},
	}
}

package policy

import "strings"

// wording is what a finding says: to the author, what to write instead, and to the people whom the
// notice addresses. % stands for what it is about.
type wording struct{ message, proposal, says string }

// word fills in the words of a finding. One without an entry says its word, so that a law whose file
// brings a new one is still heard.
func word(x *Finding) {
	w, ok := wordings()[x.Word]
	if !ok {
		w = wording{message: strings.ReplaceAll(x.Word, "-", " ") + " (%)"}
		if x.About == "" {
			w.message = strings.ReplaceAll(x.Word, "-", " ")
		}
	}
	fill := func(s string) string {
		if x.About == "" {
			s = strings.ReplaceAll(s, " (%)", "")
		}
		return strings.ReplaceAll(s, "%", x.About)
	}
	x.Message, x.Proposal = fill(w.message), fill(w.proposal)
	if x.Says == "" {
		x.Says = fill(w.says)
	}
}

// wordings by word, in the order of the manual (docs/spec/law-check.md).
//
// long: a table
func wordings() map[string]wording {
	return map[string]wording{
		// overridden: consent
		"use-is-no-consent": {
			"going on is taken for consent; here it is none",
			"ask with a box that is not ticked: how: opt-in",
			"Going on using a site is not agreeing. Until you have said yes, we do not do this with your data.",
		},
		"silence-is-no-consent": {
			"silence is taken for consent; here it is none",
			"ask, and wait for the answer: how: opt-in, without silence:",
			"Not answering is not agreeing. Until you have said yes, we do not do this with your data.",
		},
		"opt-out-is-no-consent": {
			"a box that is ticked already, or a no that was not said, is taken for consent; here it is none",
			"ask with a box that is not ticked: how: opt-in",
			"Not having said no is not agreeing. Until you have said yes, we do not do this with your data.",
		},
		"child-needs-guardian": {
			"data of children is used, or their own consent taken, where the law wants the consent of a guardian to this very purpose",
			"rest it on consent with a question by: guardian, when: {age: under …}; or deny it for them",
			"A child cannot agree to this alone. A parent or guardian has to say yes to this very use.",
		},
		// overridden: transfers
		"transfer-mechanism-ended": {
			"the transfer rests on %, which carries nothing any more on the day that was asked for",
			"agree on the standard clauses of 2021 (transfer: scc-2021-c2p with whoever works for you, scc-2021-c2c with whoever decides for themselves), or name a receiver in a country that is accepted",
			"The framework named here no longer carries data abroad. While no other does, the data stays.",
		},
		"no-transfer-mechanism": {
			"data of people whom this law protects goes to, or lies in, country %, on nothing that the law accepts",
			"give the agreement a transfer: that the law knows (scc-2021-c2p with whoever works for you, scc-2021-c2c with whoever decides for themselves; no clauses bind an authority), leave this receiver out, or let the data lie elsewhere (systems.yaml)",
			"Nothing that your law accepts carries your data to that country. So it is not sent there.",
		},
		"not-certified": {
			"the transfer rests on %, and the receiver holds no certificate of it then",
			"give the receiver its certificate with dates (certified: in the vocabulary), or rest the transfer on contract clauses",
			"The framework named here carries data only to certified receivers, and this one was not. So it gets nothing.",
		},
		// overridden: acts
		"publishing-identifying-data": {
			"data that tells who somebody is goes to everyone, on a basis that does not carry it",
			"publish as: aggregated, with smallest-group: and a number, or ask for consent",
			"What tells who you are is not made public unless you agree, or a law demands it.",
		},
		"electronic-mail-needs-consent": {
			"this is advertising by electronic mail or phone, on a basis that does not carry it",
			"ask first (how: opt-in); or, for own products similar to those bought, say similar: yes of the purpose and offer a no each time",
			"Advertising by e-mail or phone needs your yes first.",
		},
		"device-access-needs-consent": {
			"something is stored on the device that the service asked for does not need, without consent",
			"rest the cookie on consent",
			"What your device does not need for what you asked for is stored only with your yes.",
		},
		"sale-of-minors-needs-consent": {
			"data of somebody under 16 is sold without their own yes beforehand; under 13 it takes a parent's",
			"deny: sell, when: {age: under 16}, unless: {consent: valid}; with a question by: guardian for those under 13",
			"The data of somebody under sixteen is sold only after a yes; a younger child’s only after that of a parent.",
		},
		"sensitive-data-needs-consent": {
			"sensitive data is handled on a basis that does not carry it",
			"ask first: how: opt-in, or explicit",
			"Sensitive data needs your yes first.",
		},
		"recorded-outside-russia": {
			"the law of the person wants the data to stay in the country",
			"give the data a location there, for these people",
			"Your country wants your data to stay there. There it stays.",
		},
		"objection-to-marketing": {
			"this is marketing, and goes on after an objection",
			"rest it on legitimate-interest or consent, so that an objection ends it, or take the advertising out",
			"This is advertising. If you say no to it, we stop, whatever this paragraph says.",
		},
		"objection-stands": {
			"this is marketing, and goes on after an objection",
			"rest it on legitimate-interest or consent, so that an objection ends it",
			"If you say no to this, we stop, whatever this paragraph says.",
		},
		"objection-to-sale": {
			"this is a sale, and goes on after an objection",
			"rest it on legitimate-interest or consent, so that an objection ends it",
			"If you say no to the sale, it stops, whatever this paragraph says.",
		},
		"objection-to-sharing": {
			"this is advertising that follows people to other sites, and goes on after an objection",
			"rest it on legitimate-interest or consent, so that an objection ends it",
			"If you say no to advertising that follows you to other sites, it stops, whatever this paragraph says.",
		},
		"objection-to-targeted-advertising": {
			"this is advertising that follows people to other sites, and goes on after an objection",
			"rest it on legitimate-interest or consent, so that an objection ends it",
			"If you say no to advertising that follows you to other sites, it stops, whatever this paragraph says.",
		},
		"objection-to-profiling": {
			"a computer decides, and goes on after an objection",
			"rest it on legitimate-interest or consent, so that an objection ends it",
			"If you say no to a computer’s deciding about you, it stops, whatever this paragraph says.",
		},
		"objection-to-sensitive-use": {
			"sensitive data is used for more than was asked for, and that goes on after an objection",
			"rest it on legitimate-interest or consent, so that an objection ends it",
			"If you say no, your sensitive data serves only what you asked for.",
		},
		"refusal-without-ground": {
			"% is no reason for which this law lets a request be refused",
			"leave may-refuse: out; what the law accepts holds anyway",
			"Your request is not refused for that reason. The law lists the reasons that count, and this is none of them.",
		},
		"deadline-later-than-law": {
			"the time to answer is longer than the law gives (%)",
			"within: by law, or a shorter time",
			"The law gives us less time than this paragraph says. We keep to the law.",
		},
		// suspicious
		"consent-by-use": {
			"whoever goes on is taken to agree to the notice",
			"drop the agreement: a notice informs; ask for consent where a use rests on one",
			"Reading or using a page does not bind you to anything.",
		},
		"change-without-notice": {
			"a change (%) binds at once, or by going on, without a word to the person",
			"binds: by notice of 30 days, and by consent for new-purpose",
			"You have to be told before your data is used for something new.",
		},
		"bundled-consent": {
			"one act counts as a yes to several things, % among them",
			"ask one question for each purpose, apart from the form itself",
			"One yes for several things is not a free choice. Each has to be asked on its own.",
		},
		"necessary-without-number": {
			"%: a time without a number or an event",
			"add a keep with until: a number and an event, as 2 years after order closes",
			"",
		},
		"interest-not-named": {
			"% rests on a legitimate interest that is not named",
			"add to the purpose in vocabulary.yaml: interest: (what for), weighed: (the day of the balancing test)",
			"Whoever relies on an interest of their own has to say which.",
		},
		"balance-not-dated": {
			"% rests on a legitimate interest that was not weighed, or only later",
			"add weighed: with the day of the balancing test",
			"",
		},
		"two-bases-for-one-purpose": {
			"% rests on consent and on another basis beside it: taking the consent back would change nothing",
			"choose one basis; a consent that does not count should not be asked for",
			"If your yes is asked for, your no has to count.",
		},
		"opt-out-demands-identity": {
			"saying no asks for proof of who it is (%)",
			"leave proof: out, and let it be done by link, banner or mail",
			"You need not show who you are to say no.",
		},
		"withdrawal-harder-than-consent": {
			"saying no takes more than saying yes (%)",
			"let it be done the same way and in as many steps: how: [link, banner]",
			"Saying no has to be as easy as saying yes.",
		},
		"only-the-person-ends-it": {
			"only a request of the person starts the end (%): without one the data stays for ever",
			"add while: with a state, or an until: that comes by itself",
			"Data has to go when it is no longer needed, also if you do not ask.",
		},
		"undeclared-location": {
			"%: it has no country, or no promise and no system says that data may lie there",
			"give it a country, and a promise with in: or a system that lies there; or leave it out",
			"",
		},
		"processor-without-agreement": {
			"% works with the data and has no agreement",
			"declare the agreement in vocabulary.yaml, with its terms",
			"",
		},
		"device-access-without-consent": {
			"a cookie for % is called necessary",
			"rest it on consent",
			"What your device does not need for what you asked for is stored only with your yes.",
		},
		"refusing-harder-than-accepting": {
			"%: on consent, and no banner or link takes it back",
			"add right: [refuse, withdraw] with how: banner",
			"Saying no has to be as easy as saying yes.",
		},
		"banner-as-opt-out": {
			"a banner alone is no way to stop a sale (%)",
			"add a link or a form: how: [link, request]",
			"",
		},
		"automated-without-human": {
			"a computer decides (%), and no right lets a person look again",
			"add right: review, with how:",
			"You may ask that a person looks at what a computer decided.",
		},
		"automated-on-other-basis": {
			"a computer decides (%) on a basis that carries no decision of weight",
			"rest it on contract, on explicit-consent or on a law, or let a person decide",
			"A decision that weighs on you is not left to a computer without your yes, a contract or a law.",
		},
		"purpose-too-vague": {
			"purpose % says no more than that there is one",
			"give it a term below the root of the taxonomy, and a name that says what is done",
			"",
		},
		"no-complaint-way":      {"there is no way to complain to the organisation itself", "add right: complain", ""},
		"open-ended-retention":  {"how long is left open", "write a keep with a number and an event", "How long something is kept must be said. What is left open is not kept."},
		"open-ended-purposes":   {"what for is left open", "name the purposes", "What your data is used for must be said. What is left open is not allowed here."},
		"open-ended-recipients": {"who receives it is left open", "name the receivers, or their kinds", "Who receives your data must be said. Nobody unnamed gets it here."},
		"open-ended-locations":  {"where it lies is left open", "name the places", "Your data goes to no place that is not named."},
		"open-ended-factors":    {"what a decision by computer looks at is left open", "list the factors", "A computer looks only at what is listed."},
		"open-ended-deadline":   {"by when is left open", "name a time", ""},
		// missing
		"missing-right":   {"the right to % is not offered; the law gives it all the same", "add a promise right: % and how: request, or another way", "The law gives you this right (%) although the notice does not mention it."},
		"missing-content": {"the notice does not say: %", "", ""},
	}
}

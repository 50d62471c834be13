package policy

func cookieKind() kind {
	return kind{
		name: "cookie", doc: "an entry of the cookie register",
		fields: func(r *reader, x *Promise) []field {
			c := &Cookie{}
			x.Cookie = c
			return []field{
				{"cookie", formWords, "names of cookies", true, r.cookieNames(c)},
				{"set-by", formWord, "recipient that sets it; default us", false, r.one(recipientNames, &c.SetBy)},
				{"for", formSet, "purpose", true, r.set(purposeNames, &c.For)},
				{"basis", formBasis, "consent, or necessary", true, r.bases(&c.Basis, nil)},
				{"data", formSet, "what it holds", false, r.set(dataNames, &c.Data)},
				{"kept", formSpan, "how long; or session", true, r.cookieKept(c)},
				{"without", formWords, "what is lost by declining; never the site", false, r.free(&c.Without)},
				{"when", formTests, "set only while these hold", false, r.tests(&c.When)},
			}
		},
	}
}

func (r *reader) cookieNames(c *Cookie) func(Value) {
	return func(v Value) {
		r.free(&c.Names)(v)
		for _, n := range c.Names {
			if r.words.has(cookieNames, n.Text) {
				r.add("E18", n.Pos, "cookie "+n.Text+" stands twice", "keep one entry")
			}
			r.words.add(cookieNames, n.Text)
		}
	}
}

func (r *reader) cookieKept(c *Cookie) func(Value) {
	return func(v Value) {
		if c.Session = v.Text == "session"; !c.Session {
			r.span(&c.Kept)(v)
		}
	}
}

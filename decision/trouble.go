package decision

// Trouble names the member of a request that makes it unreadable, or "" if it can be read. It repeats
// nothing of what was sent.
func (p *Program) Trouble(r *Request) string {
	var q question
	var ok bool
	if q.verb, ok = p.verbs[r.Action]; !ok {
		return "action"
	}
	if !p.readObjects(r, &q) {
		return p.objectTrouble(r, &q)
	}
	switch _, known := p.purposes.id(r.For); {
	case r.At == 0:
		return "at"
	case !known:
		return "for"
	case r.For == "" && q.kind == dataObject && !q.verb.ends:
		return "for: a use of data has a purpose"
	}
	for _, x := range []struct {
		member string
		n      *names
		word   string
	}{{"to", &p.recipients, r.To}, {"by", &p.askers, r.By}, {"in", &p.locations, r.In}, {"from", &p.sources, r.From}, {"of", &p.people, r.Of}, {"ground", &p.grounds, r.Ground}} {
		if _, known := x.n.id(x.word); !known {
			return x.member
		}
	}
	switch _, known := p.forms[r.As]; {
	case !known:
		return "as"
	case r.Group < 0:
		return "group"
	case !p.readLists(r, &q):
		return "a fact or a facet, or one of its values"
	}
	return ""
}

func (p *Program) objectTrouble(r *Request, q *question) string {
	objects := 0
	for _, has := range []bool{len(r.Data) > 0, r.Service != "", r.Cookie != ""} {
		if has {
			objects++
		}
	}
	switch {
	case objects != 1:
		return "data, service or cookie: exactly one"
	case (len(r.With) > 0) != (q.verb.id == combineVerb):
		return "with: combine has it, nothing else"
	case len(r.Data) > 0 && !q.verb.fits[dataObject], r.Service != "" && !q.verb.fits[serviceObject], r.Cookie != "" && !q.verb.fits[cookieObject]:
		return "action: it does not fit the object"
	case len(r.Data) > 0:
		return "data"
	case r.Service != "":
		return "service"
	}
	return "cookie"
}

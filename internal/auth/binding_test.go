package auth_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/store/storetest"
)

func TestMay(t *testing.T) {
	all := auth.Binding{}
	bound := auth.Binding{Sites: []string{"shop"}, Purposes: []string{"direct-marketing", "billing.tax"}, Actions: []string{"use"}, Recipient: "mailer"}
	for _, c := range []struct {
		b                          *auth.Binding
		action, purpose, recipient string
		refuses                    string
	}{
		{&all, "use", "anything", "anybody", ""},
		{&all, "", "", "", ""},
		{&bound, "use", "direct-marketing", "mailer", ""},
		{&bound, "use", "direct-marketing.own-similar", "mailer", ""},
		{&bound, "use.read", "billing.tax.audit", "mailer", ""},
		{&bound, "use", "direct-marketings", "mailer", "purpose"},
		{&bound, "use", "direct", "mailer", "purpose"},
		{&bound, "use", "billing", "mailer", "purpose"},
		{&bound, "use", "", "mailer", "purpose"},
		{&bound, "erase", "direct-marketing", "mailer", "action"},
		{&bound, "user", "direct-marketing", "mailer", "action"},
		{&bound, "", "direct-marketing", "mailer", "action"},
		{&bound, "use", "direct-marketing", "us", "recipient"},
		{&bound, "use", "direct-marketing", "", "recipient"},
		{&bound, "use", "direct-marketing", "mailer.sub", "recipient"},
	} {
		err := (&auth.Principal{Binding: *c.b}).May(c.action, c.purpose, c.recipient)
		var f auth.Forbidden
		switch {
		case c.refuses == "" && err != nil:
			t.Errorf("%+v: %v", c, err)
		case c.refuses != "" && (!errors.As(err, &f) || f.Part != c.refuses || !errors.Is(err, auth.ErrForbidden)):
			t.Errorf("%+v: %v", c, err)
		}
	}
	p := &auth.Principal{Binding: bound}
	if !p.MaySite("shop") || p.MaySite("shop.sub") || p.MaySite("") || !(&auth.Principal{}).MaySite("shop") {
		t.Error("sites")
	}
	if p.Has(auth.Decide) {
		t.Error("no scopes are not all scopes")
	}
}

// TestNobodyHandsOutMoreThanTheyHold lets an administrator of one shop try to become one of all.
func TestNobodyHandsOutMoreThanTheyHold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		p := begin(t, url)
		local, no := auth.LocalAdmin(0), p.create(t, "shop")
		held := auth.Binding{Scopes: []auth.Scope{auth.AdminKeys, auth.Decide}, Sites: []string{"shop"}, Purposes: []string{"billing"}, Actions: []string{"use"}, Recipient: "mailer"}
		own, secret := p.issue(t, local, no, held, time.Time{})
		by := p.in(t, secret)
		within := auth.Binding{Scopes: []auth.Scope{auth.Decide}, Sites: []string{"shop"}, Purposes: []string{"billing.tax"}, Actions: []string{"use"}, Recipient: "mailer"}
		small, _ := p.issue(t, by, no, within, time.Time{})
		wide := within
		wide.Sites = nil
		large, _ := p.issue(t, local, no, wide, time.Time{})
		for name, change := range map[string]func(*auth.Binding){
			"scope":         func(b *auth.Binding) { b.Scopes = []auth.Scope{auth.ReadPeople} },
			"all sites":     func(b *auth.Binding) { b.Sites = nil },
			"other site":    func(b *auth.Binding) { b.Sites = []string{"shop", "other"} },
			"all purposes":  func(b *auth.Binding) { b.Purposes = nil },
			"beside":        func(b *auth.Binding) { b.Purposes = []string{"billings"} },
			"all actions":   func(b *auth.Binding) { b.Actions = nil },
			"any recipient": func(b *auth.Binding) { b.Recipient = "" },
			"recipient":     func(b *auth.Binding) { b.Recipient = "us" },
		} {
			b := within
			change(&b)
			if _, _, err := p.Issue(t.Context(), by, no, b, time.Time{}); !errors.Is(err, auth.ErrForbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := p.Revoke(t.Context(), by, large); !errors.Is(err, auth.ErrForbidden) {
			t.Error(err)
		}
		if _, _, err := p.Rotate(t.Context(), by, large, 0); !errors.Is(err, auth.ErrForbidden) {
			t.Error(err)
		}
		if err := p.End(t.Context(), by, no); !errors.Is(err, auth.ErrForbidden) {
			t.Error(err)
		}
		if err := p.Revoke(t.Context(), by, small); err != nil {
			t.Error(err)
		}

		_, plain := p.issue(t, local, no, decide(), time.Time{})
		nobody := p.in(t, plain)
		for name, err := range acts(t, p, nobody, no, own) {
			if !errors.Is(err, auth.ErrForbidden) {
				t.Errorf("%s without keys:admin: %v", name, err)
			}
		}
		for name, err := range acts(t, p, nil, no, own) {
			if !errors.Is(err, auth.ErrForbidden) {
				t.Errorf("%s by nobody: %v", name, err)
			}
		}
		if err := p.Revoke(t.Context(), local, own); err != nil {
			t.Fatal(err)
		}
		for name, err := range acts(t, p, by, no, own) { // as who still holds the principal
			if !errors.Is(err, auth.ErrRevoked) {
				t.Errorf("%s with a revoked key: %v", name, err)
			}
		}
	})
}

func acts(t *testing.T, p *process, by *auth.Principal, no int64, id string) map[string]error {
	errs := map[string]error{"end": p.End(t.Context(), by, no), "revoke": p.Revoke(t.Context(), by, id)}
	_, errs["create"] = p.Create(t.Context(), by, "another", auth.Machine, nil)
	_, _, errs["issue"] = p.Issue(t.Context(), by, no, decide(), time.Time{})
	_, _, errs["rotate"] = p.Rotate(t.Context(), by, id, 0)
	return errs
}

func TestBadInput(t *testing.T) {
	p := begin(t, storetest.SQLite(t))
	by, no := auth.LocalAdmin(0), p.create(t, "shop")
	id, _ := p.issue(t, by, no, decide(), time.Time{})
	const planted = "Ann.Lee@planted.example"
	check := func(what string, want, err error) {
		t.Helper()
		if !errors.Is(err, want) || strings.Contains(strings.ToLower(err.Error()), "planted") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, name := range []string{"", planted, "Shop", "a b", ".a", "ä", strings.Repeat("a", 65), "a\n"} {
		_, err := p.Create(t.Context(), by, name, auth.Machine, nil)
		check("name "+name, auth.ErrInvalid, err)
	}
	_, err := p.Create(t.Context(), by, "local-admin", auth.Machine, nil)
	check("our own name", auth.ErrTaken, err)
	_, err = p.Create(t.Context(), by, "a", planted, nil)
	check("kind", auth.ErrInvalid, err)
	_, err = p.Create(t.Context(), by, "a", auth.Local, nil)
	check("kind", auth.ErrInvalid, err)
	_, err = p.Create(t.Context(), by, "a", auth.Staff, []string{"ok", planted})
	check("role", auth.ErrInvalid, err)
	_, err = p.Create(t.Context(), by, "a", auth.Staff, make([]string, 1000))
	check("roles", auth.ErrInvalid, err)
	for what, b := range map[string]auth.Binding{
		"no scope":  {},
		"scope":     {Scopes: []auth.Scope{auth.Decide, planted}},
		"site":      {Scopes: []auth.Scope{auth.Decide}, Sites: []string{planted}},
		"purpose":   {Scopes: []auth.Scope{auth.Decide}, Purposes: []string{"a..b"}},
		"action":    {Scopes: []auth.Scope{auth.Decide}, Actions: []string{""}},
		"recipient": {Scopes: []auth.Scope{auth.Decide}, Recipient: planted},
		"many":      {Scopes: []auth.Scope{auth.Decide}, Purposes: make([]string, 1000)},
		"UTF-8":     {Scopes: []auth.Scope{auth.Decide}, Purposes: []string{"a\xff"}},
	} {
		_, _, err := p.Issue(t.Context(), by, no, b, time.Time{})
		check(what, auth.ErrInvalid, err)
	}
	_, _, err = p.Issue(t.Context(), by, no, decide(), p.clock.now())
	check("ended before it begins", auth.ErrInvalid, err)
	_, _, err = p.Issue(t.Context(), by, no, decide(), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))
	check("year", auth.ErrInvalid, err)
	_, _, err = p.Issue(t.Context(), by, 99, decide(), time.Time{})
	check("no principal", auth.ErrNone, err)
	_, _, err = p.Rotate(t.Context(), by, id, -1)
	check("overlap", auth.ErrInvalid, err)
	_, _, err = p.Rotate(t.Context(), by, id, auth.MaxOverlap+1)
	check("overlap", auth.ErrInvalid, err)
	_, _, err = p.Rotate(t.Context(), by, planted, 0)
	check("no key", auth.ErrNone, err)
	check("no key", auth.ErrNone, p.Revoke(t.Context(), by, planted))
	check("no principal", auth.ErrNone, p.End(t.Context(), by, 99))
	records(t, p, "principal.created", "key.issued")
}

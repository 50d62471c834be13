package server_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What is combined at a recipient is disclosed to them, either side of it: the person is told of both.
func TestACombinationDisclosesBothSides(t *testing.T) {
	dir := altered(t, "data: [contact.email]\n    terms", "data: [contact.email, name]\n    terms")
	notice := filepath.Join(dir, "notice.md")
	text, err := os.ReadFile(notice)
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, "\n## Matching {#matching}\n\nOur mailer puts your name to your address.\n\n```yaml promise\nallow: combine\ndata: contact.email\nwith: name\nto: mailer\nfor: letter\nbasis: contract account\n```\n\n"+
		"```yaml example\ngiven: {account: open}\nask: {action: combine, data: name, with: contact.email, to: mailer, for: letter}\nwant: {allow: contract}\n```\n"...)
	if err := os.WriteFile(notice, text, 0o600); err != nil {
		t.Fatal(err)
	}
	h := start(t, dir)
	h.record(200, map[string]any{"person": "customer:1", "kind": "happened", "name": "account-opened"})
	q := toMailer("customer:1", map[string]any{"with": []string{"name"}})
	q["action"] = map[string]any{"name": "combine"}
	var a permitted
	h.call("POST", "/starter/access/v1/evaluation", http.StatusOK, q, &a)
	if !a.Decision || a.Context.Permit == "" {
		t.Fatalf("%+v", a)
	}
	var to struct {
		Recipients []struct{ Unconfirmed []struct{ Data []string } }
	}
	var found struct{ ID string }
	h.call("POST", "/api/v1/starter/people/find", http.StatusOK, map[string]any{"identity": "customer:1"}, &found)
	h.call("GET", "/api/v1/starter/people/"+found.ID+"/disclosures", http.StatusOK, nil, &to)
	if len(to.Recipients) != 1 || len(to.Recipients[0].Unconfirmed) != 1 || !slices.Equal(to.Recipients[0].Unconfirmed[0].Data, []string{"contact.email", "name"}) {
		t.Errorf("%+v", to)
	}
}

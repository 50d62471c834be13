package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/avowhq/avow/client"
)

// What a Question has no place for is not signed, since its hash would not cover it.
func TestEvaluationsThatCannotBeSigned(t *testing.T) {
	const good = `{"subject":{"type":"service","id":"x","properties":{}},"action":{"name":"use","properties":{}},"resource":{"type":"person","id":"customer:1","properties":{"data":"name"}},"context":{"for":"letter"}}`
	read := func(text string) error {
		var e client.Evaluation
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		_, err := e.Question()
		return err
	}
	if err := read(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"stated facts":        {`"data":"name"`, `"data":"name","facts":{"age":20}`},
		"no person":           {`"customer:1"`, `""`},
		"another resource":    {`"person"`, `"todo"`},
		"data as a number":    {`"data":"name"`, `"data":3`},
		"data with a number":  {`"data":"name"`, `"data":["name",3]`},
		"a purpose as a list": {`"for":"letter"`, `"for":["letter"]`},
		"a group as a text":   {`"for":"letter"`, `"for":"letter","group":"5"`},
		"half a person":       {`"for":"letter"`, `"for":"letter","group":0.5`},
		"a negative group":    {`"for":"letter"`, `"for":"letter","group":-5`},
		"a fraction":          {`"for":"letter"`, `"for":"letter","weight":0.5`},
		"a huge number":       {`"for":"letter"`, `"for":"letter","weight":1e300`},
		"null":                {`"for":"letter"`, `"for":"letter","weight":null`},
		"an object":           {`"name":"use","properties":{}`, `"name":"use","properties":{"x":{}}`},
		"a role as a number":  {`"id":"x","properties":{}`, `"id":"x","properties":{"role":3}`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if err := read(bad); bad == good || !errors.Is(err, client.ErrQuestion) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Several answers are read as strictly as one.
func TestBatchesThatMakeNoSense(t *testing.T) {
	const yes = `{"decision":true,"context":{"kind":"allow","version":"1","seq":0}}`
	body := ""
	h := newHouse(t)
	for name, c := range map[string]struct {
		body    string
		allowed [2]bool
	}{
		"as it should be":       {`{"evaluations":[` + yes + `,` + yes + `]}`, [2]bool{true, true}},
		"too few":               {`{"evaluations":[` + yes + `]}`, [2]bool{}},
		"too many":              {`{"evaluations":[` + yes + `,` + yes + `,` + yes + `]}`, [2]bool{}},
		"one for all":           {yes, [2]bool{}},
		"cut off":               {`{"evaluations":[` + yes, [2]bool{}},
		"one makes no sense":    {`{"evaluations":[` + yes + `,{"decision":true}]}`, [2]bool{true, false}},
		"one is a text":         {`{"evaluations":[` + yes + `,"yes"]}`, [2]bool{}},
		"one failed":            {`{"evaluations":[` + yes + `,{"decision":false,"context":{"error":{"status":503,"message":""}}}]}`, [2]bool{true, false}},
		"one fails and allows":  {`{"evaluations":[` + yes + `,{"decision":true,"context":{"kind":"allow","error":{"status":400,"message":""}}}]}`, [2]bool{true, false}},
		"a nameless obligation": {`{"evaluations":[` + yes + `,{"decision":true,"context":{"kind":"allow","seq":0,"obligations":[{"type":"x"}]}}]}`, [2]bool{true, false}},
		"negative seq":          {`{"evaluations":[` + yes + `,{"decision":true,"context":{"kind":"allow","seq":-1}}]}`, [2]bool{true, false}},
	} {
		client := h.client(t, "http://house.example", func(c *client.Config) {
			c.HTTPClient = &http.Client{Transport: direct{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, body)
			})}}
		})
		body = c.body
		answers, err := client.DecideAll(t.Context(), letter("customer:1"), letter("customer:2"))
		if answers[0].Allowed != c.allowed[0] || answers[1].Allowed != c.allowed[1] || (err == nil) != (c.allowed == [2]bool{true, true}) {
			t.Errorf("%s: %+v, %v", name, answers, err)
		}
	}
}

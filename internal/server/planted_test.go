package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// What a caller sends comes back in no answer, no error and no metric, wherever it was put.
func TestPlantedValuesNeverComeBack(t *testing.T) {
	const planted = "ann.lee@planted.example"
	h := start(t, "../../policies/starter", "../../policies/isodme")
	get := func(method, path, body string) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, h.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	const whole = `{"subject":{"type":"SUBJECTTYPE","id":"SUBJECT","properties":{"role":"ROLE"}},"action":{"name":"ACTION"},` +
		`"resource":{"type":"person","id":"PERSON","properties":{"data":["DATA"],"service":"","facts":FACTS}},"context":{"for":"PURPOSE","to":"TO","in":"IN","source":"SOURCE","as":"AS","topic":"TOPIC"}}`
	plain := strings.NewReplacer("SUBJECTTYPE", "service", "SUBJECT", "mailer", "ROLE", "", "ACTION", "use", "PERSON", "p", "DATA", "contact.email",
		"FACTS", "{}", "PURPOSE", "letter", "TO", "", "IN", "", "SOURCE", "", `"AS"`, `""`, "TOPIC", "offers")
	var bodies []string
	for _, place := range []string{"SUBJECTTYPE", "SUBJECT", "ROLE", "ACTION", "PERSON", "DATA", "PURPOSE", "TO", "IN", "SOURCE", "AS", "TOPIC"} {
		bodies = append(bodies, plain.Replace(strings.Replace(whole, `"`+place+`"`, `"`+planted+`"`, 1)))
	}
	for _, facts := range []string{
		`{"age":"P"}`, `{"residence":"P"}`, `{"P":"yes"}`, `{"account":"P"}`, `{"account-closed":"P"}`, `{"consented":"P"}`,
		`{"consented":{"for":"letter","when":"P"}}`, `{"consented":{"for":"letter","how":"P"}}`, `{"consented":{"P":"x"}}`, `{"objected":["P"]}`, `{"agreement":{"P":"ended"}}`, `{"transport":"P"}`,
	} {
		bodies = append(bodies, plain.Replace(strings.Replace(whole, "FACTS", strings.ReplaceAll(facts, "P", planted), 1)))
	}
	bodies = append(bodies, `{"`+planted+`":`, `{"subject":"`+planted+`"}`, `{"subject":{"`+planted+`":1,"`+planted+`":2}}`, planted)
	for _, body := range bodies {
		for _, path := range []string{"/starter/access/v1/evaluation", "/starter/access/v1/evaluations", "/access/v1/evaluation"} {
			if got := get("POST", path, body); strings.Contains(strings.ToLower(got), "planted") {
				t.Errorf("%s\nanswered %s", body, got)
			}
		}
	}
	if got := get("GET", "/"+planted+"/privacy", ""); strings.Contains(got, planted) {
		t.Error("the page of an unknown site repeats its name")
	}
	if got := get("GET", "/metrics", ""); strings.Contains(got, planted) || !strings.Contains(got, "avow_decisions_total") {
		t.Error("the metrics repeat what was sent, or count nothing")
	}
}

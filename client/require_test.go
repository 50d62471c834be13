package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/avowhq/avow/client"
)

func TestRequire(t *testing.T) {
	d := newDowns(t, func(c *client.Config) { c.Obligations = []string{"x"} })
	d.obliges = []string{"x"}
	ran := 0
	guarded := d.client.Require(func(r *http.Request) (client.Question, error) {
		switch who := r.URL.Query().Get("who"); who {
		case "":
			return client.Question{}, errors.New("no such person as ann.lee@planted.example")
		case "nobody":
			return client.Question{}, &client.Problem{Status: http.StatusUnauthorized, Detail: "Sign in first."}
		case "unaskable":
			return client.Question{}, nil
		default:
			return letter(who), nil
		}
	})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ran++
		if a, ok := client.AnswerOf(r.Context()); !ok || !a.Allowed || len(a.Obligations) != 1 {
			t.Errorf("answer %+v", a)
		}
		fmt.Fprint(w, "the letter")
	}))
	get := func(who string) (int, http.Header, map[string]any) {
		t.Helper()
		w := httptest.NewRecorder()
		guarded.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/?who="+who, nil))
		var v map[string]any
		if w.Code != http.StatusOK {
			if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: %v: %s", who, err, w.Body)
			}
			if strings.Contains(w.Body.String(), "planted") || v["status"] != float64(w.Code) || v["title"] == "" {
				t.Errorf("%s: %s", who, w.Body)
			}
		}
		return w.Code, w.Header(), v
	}

	if code, _, _ := get("customer:1"); code != http.StatusOK || ran != 1 {
		t.Errorf("allowed: %d", code)
	}
	if code, h, v := get("customer:2"); code != http.StatusForbidden || v["kind"] != "unmet" || v["detail"] != "Because." || v["missing"].([]any)[0] != "consent letter" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("denied: %d, %v", code, v)
	}
	if code, _, _ := get(""); code != http.StatusBadRequest {
		t.Errorf("no question: %d", code)
	}
	if code, _, v := get("nobody"); code != http.StatusUnauthorized || v["detail"] != "Sign in first." {
		t.Errorf("a problem of the caller's own: %d, %v", code, v)
	}
	if code, _, _ := get("unaskable"); code != http.StatusInternalServerError {
		t.Errorf("a question that cannot be asked: %d", code)
	}

	d.breakWith(status(501))
	if code, _, _ := get("customer:1"); code != http.StatusOK || ran != 2 {
		t.Errorf("by a snapshot: %d", code)
	}
	if code, _, v := get("customer:2"); code != http.StatusForbidden || v["kind"] != "unmet" {
		t.Errorf("denied by a snapshot: %d, %v", code, v)
	}
	if code, h, v := get("customer:3"); code != http.StatusServiceUnavailable || h.Get("Retry-After") == "" || v["kind"] != "unavailable" {
		t.Errorf("down: %d, %v", code, v)
	}
	d.breakWith(func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `"this key may not ask for that purpose"`)
		return true
	})
	d.now = d.now.Add(1000000000 * 60)
	if code, _, v := get("customer:1"); code != http.StatusInternalServerError || strings.Contains(v["detail"].(string), "key") {
		t.Errorf("the server refuses us: %d, %v", code, v)
	}
	if ran != 2 {
		t.Errorf("the handler ran %d times", ran)
	}
}

func TestOwnRefusal(t *testing.T) {
	h := newHouse(t)
	c := h.start(t, func(c *client.Config) {
		c.Refuse = func(w http.ResponseWriter, _ *http.Request, a client.Answer, err error) {
			w.WriteHeader(http.StatusTeapot)
			fmt.Fprint(w, a.ReasonUser)
		}
	})
	w := httptest.NewRecorder()
	c.Require(func(*http.Request) (client.Question, error) { return letter("customer:1"), nil })(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	if w.Code != http.StatusTeapot || w.Body.String() != "Because." {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if _, ok := client.AnswerOf(t.Context()); ok {
		t.Error("an answer from nowhere")
	}
}

package server

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/internal/auth"
)

// An evaluation is a request of the AuthZEN Authorization API 1.0. Unknown members are ignored.
type evaluation struct {
	Subject  *entity        `json:"subject"`
	Action   *action        `json:"action"`
	Resource *entity        `json:"resource"`
	Context  map[string]any `json:"context"`
}

type entity struct {
	Type       *string        `json:"type"`
	ID         *string        `json:"id"`
	Properties map[string]any `json:"properties"`
}

type action struct {
	Name       *string        `json:"name"`
	Properties map[string]any `json:"properties"`
}

// lacks names the first required member that is missing, or "".
func (e *evaluation) lacks() string {
	switch {
	case e.Subject == nil:
		return "subject"
	case e.Subject.Type == nil || *e.Subject.Type == "":
		return "subject.type"
	case e.Subject.ID == nil || *e.Subject.ID == "":
		return "subject.id"
	case e.Action == nil:
		return "action"
	case e.Action.Name == nil || *e.Action.Name == "":
		return "action.name"
	case e.Resource == nil:
		return "resource"
	case e.Resource.Type == nil || *e.Resource.Type == "":
		return "resource.type"
	case e.Resource.ID == nil || *e.Resource.ID == "":
		return "resource.id"
	}
	return ""
}

// A verdict is the answer to an evaluation.
type verdict struct {
	Decision bool     `json:"decision"`
	Context  *reasons `json:"context,omitempty"`
	outcome  decision.Outcome
}

// reasons is the answer's context (design: AuthZEN).
type reasons struct {
	ReasonAdmin  *inEnglish        `json:"reason_admin,omitempty"`
	ReasonUser   *inEnglish        `json:"reason_user,omitempty"`
	Kind         string            `json:"kind,omitempty"`
	Clauses      []string          `json:"clauses,omitempty"`
	Missing      []string          `json:"missing,omitempty"`
	Law          []decision.Reason `json:"law,omitempty"`
	Obligations  []obligation      `json:"obligations,omitempty"`
	Version      string            `json:"version,omitempty"`
	Seq          int64             `json:"seq"`
	Known        bool              `json:"known"`            // the person; of others only the question says something
	Mode         string            `json:"mode,omitempty"`   // how far it is enforced, if not wholly; kind says what the notice says
	Signed       string            `json:"signed,omitempty"` // the answer as a signed note, where context.snapshot asks for it
	EvaluationID string            `json:"evaluation_id,omitempty"`
	Error        *itemError        `json:"error,omitempty"`
}

type inEnglish struct {
	Text string `json:"en"`
}

type obligation struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

type itemError struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
}

// A refusal is a request that cannot be read; its text never repeats what was sent.
type refusal struct {
	status int
	text   string
}

func (r refusal) Error() string { return r.text }

// read decodes a body into v. AuthZEN wants 400 for a wrong content type, not 415.
func read(w http.ResponseWriter, r *http.Request, v any) error {
	if kind := r.Header.Get("Content-Type"); kind != "application/json" {
		kind, _, err := mime.ParseMediaType(kind)
		if err != nil || kind != "application/json" {
			return refusal{http.StatusBadRequest, "Content-Type is not application/json"}
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return refusal{http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB"}
	}
	if err != nil || len(body) == 0 {
		return refusal{http.StatusBadRequest, "the body is empty or was cut off"}
	}
	return decode(body, v)
}

// decode takes JSON as AuthZEN advises (I-JSON): names once, UTF-8 only.
func decode(body []byte, v any) error {
	err := json.Unmarshal(body, v)
	var kind *json.SemanticError
	switch {
	case errors.As(err, &kind):
		return refusal{http.StatusBadRequest, "member " + member(kind.JSONPointer) + " has the wrong JSON type"}
	case err != nil:
		return refusal{http.StatusBadRequest, "the body is not JSON, or names a member twice"}
	}
	return nil
}

// member is where something in a body is wrong, as events/0/facets. Below a member whose names are the
// caller's own it says no more.
func member(at jsontext.Pointer) string {
	var out []string
	for name := range at.Tokens() {
		out = append(out, name)
		if slices.Contains([]string{"context", "facets", "facts", "properties"}, name) {
			break
		}
	}
	return strings.Join(out, "/")
}

// refuse answers an error as AuthZEN has it: a JSON string.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	var r refusal
	if errors.As(err, &r) {
		status = r.status
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	text, _ := json.Marshal(err.Error())
	w.Write(append(text, '\n'))
}

func (s *Server) evaluation(w http.ResponseWriter, r *http.Request) {
	p, err := s.entitled(w, r, auth.Decide, "")
	if err != nil {
		refuse(w, err)
		return
	}
	var e evaluation
	if err := read(w, r, &e); err != nil {
		refuse(w, err)
		return
	}
	s.answerOne(w, r, p, &e)
}

func (s *Server) answerOne(w http.ResponseWriter, r *http.Request, p *auth.Principal, e *evaluation) {
	v, err := s.ask(r, p, e)
	if err != nil {
		refuse(w, err)
		return
	}
	writeAnswer(w, v)
}

// ask answers one evaluation, or says why it cannot be asked.
func (s *Server) ask(r *http.Request, p *auth.Principal, e *evaluation) (verdict, error) {
	if lacks := e.lacks(); lacks != "" {
		return verdict{}, refusal{http.StatusBadRequest, "member " + lacks + " is missing"}
	}
	x, err := s.site(r.PathValue("site"), text(e.Context["site"]))
	if err != nil {
		return verdict{}, refusal{http.StatusBadRequest, err.Error()}
	}
	if !p.MaySite(x.model.Site) {
		return verdict{}, refusal{http.StatusForbidden, "the key is not for this site"}
	}
	if *e.Subject.ID != p.Name && *e.Subject.ID != p.Key && !p.Has(auth.AnySubject) {
		return verdict{}, refusal{http.StatusForbidden, "subject.id is not the name that the key belongs to; a key with the scope " + string(auth.AnySubject) + " may ask for others"}
	}
	return s.decide(r.Context(), x, p, e)
}

// jsonType is shared by all answers' headers; nobody changes it.
var jsonType = []string{"application/json"}

func writeAnswer(w http.ResponseWriter, v any) {
	text, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header()["Content-Type"] = jsonType
	w.Write(append(text, '\n'))
}

// A batch is a request of the evaluations API: its own members are defaults, replaced whole.
type batch struct {
	evaluation  `json:",inline"`
	Evaluations []jsontext.Value `json:"evaluations"`
	Options     struct {
		Semantic string `json:"evaluations_semantic"`
	} `json:"options"`
}

// evaluationsMax is how many evaluations one request may bring.
const evaluationsMax = 1000

func (s *Server) evaluations(w http.ResponseWriter, r *http.Request) {
	p, err := s.entitled(w, r, auth.Decide, "")
	if err != nil {
		refuse(w, err)
		return
	}
	var b batch
	if err := read(w, r, &b); err != nil {
		refuse(w, err)
		return
	}
	if len(b.Evaluations) == 0 {
		s.answerOne(w, r, p, &b.evaluation)
		return
	}
	if len(b.Evaluations) > evaluationsMax {
		refuse(w, refusal{http.StatusBadRequest, "evaluations is a list of at most 1000"})
		return
	}
	out := struct {
		Evaluations []verdict `json:"evaluations"`
	}{[]verdict{}}
	for _, raw := range b.Evaluations {
		v := s.item(r, p, raw, b.evaluation)
		out.Evaluations = append(out.Evaluations, v)
		if !v.Decision && b.Options.Semantic == "deny_on_first_deny" || v.Decision && b.Options.Semantic == "permit_on_first_permit" {
			break
		}
	}
	writeAnswer(w, out)
}

// item answers one evaluation of a batch; what is wrong with it denies it alone.
func (s *Server) item(r *http.Request, p *auth.Principal, raw jsontext.Value, defaults evaluation) verdict {
	wrong := func(err error) verdict {
		status := http.StatusBadRequest
		var why refusal
		if errors.As(err, &why) {
			status = why.status
		}
		return verdict{Context: &reasons{Error: &itemError{status, err.Error()}}}
	}
	var own evaluation
	if err := decode(raw, &own); err != nil {
		return wrong(err)
	}
	e := defaults
	if own.Subject != nil {
		e.Subject = own.Subject
	}
	if own.Action != nil {
		e.Action = own.Action
	}
	if own.Resource != nil {
		e.Resource = own.Resource
	}
	if own.Context != nil {
		e.Context = own.Context
	}
	v, err := s.ask(r, p, &e)
	if err != nil {
		return wrong(err)
	}
	return v
}

// configuration is AuthZEN's metadata, for the whole server or one site.
func (s *Server) configuration(w http.ResponseWriter, r *http.Request) {
	base := "http://" + r.Host
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		base = "https://" + r.Host
	}
	if name := r.PathValue("site"); name != "" {
		if _, err := s.site(name, ""); err != nil {
			http.NotFound(w, r)
			return
		}
		base += "/" + name
	}
	writeAnswer(w, map[string]any{
		"policy_decision_point":       base,
		"access_evaluation_endpoint":  base + "/access/v1/evaluation",
		"access_evaluations_endpoint": base + "/access/v1/evaluations",
	})
}

// evaluationIDs are unique: a random start for each process, then counted.
type evaluationIDs struct {
	start string
	n     *atomic.Uint64
}

func newEvaluationIDs() evaluationIDs {
	b := make([]byte, 9)
	rand.Read(b)
	return evaluationIDs{hex.EncodeToString(b), new(atomic.Uint64)}
}

func (e evaluationIDs) next() string { return e.start + "-" + strconv.FormatUint(e.n.Add(1), 36) }

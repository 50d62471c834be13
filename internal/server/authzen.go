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

	"github.com/avowhq/avow/internal/auth"
)

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
	body, err := bodyOf(w, r)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return refusal{http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB"}
	}
	if err != nil || len(body) == 0 {
		return refusal{http.StatusBadRequest, "the body is empty or was cut off"}
	}
	return decode(body, v)
}

func bodyOf(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength < 0 || r.ContentLength > maxBody {
		return io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	return body, err
}

// decode takes JSON as AuthZEN advises (I-JSON): names once, UTF-8 only.
func decode(body []byte, v any) error {
	if e, ok := v.(*evaluation); ok && e.quick(body) {
		return nil
	}
	err := json.Unmarshal(body, v)
	var kind *json.SemanticError
	switch {
	case errors.As(err, &kind):
		return refusal{http.StatusBadRequest, "member " + placeOf(kind.JSONPointer) + " has the wrong JSON type"}
	case err != nil:
		return refusal{http.StatusBadRequest, "the body is not JSON, or names a member twice"}
	}
	return nil
}

// placeOf is where something in a body is wrong, as events/0/facets. Below a member whose names are the
// caller's own it says no more.
func placeOf(at jsontext.Pointer) string {
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
	if r, ok := errors.AsType[refusal](err); ok {
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
	b := s.texts.Get().(*[]byte)
	*b = v.appendJSON((*b)[:0])
	send(w, b)
	s.texts.Put(b)
}

// ask answers one evaluation, or says why it cannot be asked.
func (s *Server) ask(r *http.Request, p *auth.Principal, e *evaluation) (verdict, error) {
	j, err := s.judgeFor(r, p, e)
	if err != nil {
		return verdict{}, err
	}
	if j.letsOut() {
		one := j // what is not a disclosure stays off the heap
		s.permit(r.Context(), &one)
		j = one
	}
	return s.verdict(&j), nil
}

// judgeFor decides one evaluation of a caller, or says why it cannot be asked.
func (s *Server) judgeFor(r *http.Request, p *auth.Principal, e *evaluation) (judged, error) {
	if lacks := e.lacks(); lacks != "" {
		return judged{}, refusal{http.StatusBadRequest, "member " + lacks + " is missing"}
	}
	x, err := s.site(r.PathValue("site"), e.Context.text("site"))
	if err != nil {
		return judged{}, refusal{http.StatusBadRequest, err.Error()}
	}
	if !p.MaySite(x.model.Site) {
		return judged{}, refusal{http.StatusForbidden, "the key is not for this site"}
	}
	if e.Subject.ID != p.Name && e.Subject.ID != p.Key && !p.Has(auth.AnySubject) {
		return judged{}, refusal{http.StatusForbidden, "subject.id is not the name that the key belongs to; a key with the scope " + string(auth.AnySubject) + " may ask for others"}
	}
	return s.judge(r.Context(), x, p, e)
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
	out := append(make([]byte, 0, 1024*len(b.Evaluations)), `{"evaluations":`...)
	together := len(b.Evaluations) // what is permitted is recorded set-wise
	if b.Options.Semantic == "deny_on_first_deny" || b.Options.Semantic == "permit_on_first_permit" {
		together = 1 // what comes after the last answer is not asked
	}
	for i := 0; i < len(b.Evaluations); i += together {
		answers := s.items(r, p, b.Evaluations[i:i+together], &b.evaluation)
		for n := range answers {
			out = answers[n].appendJSON(append(out, "[,"[min(i+n, 1)]))
		}
		if yes := answers[0].Decision; together == 1 && yes == (b.Options.Semantic == "permit_on_first_permit") {
			break
		}
	}
	out = append(out, "]}"...)
	send(w, &out)
}

// items answers evaluations of a batch; what is wrong with one denies it alone.
func (s *Server) items(r *http.Request, p *auth.Principal, raw []jsontext.Value, defaults *evaluation) []verdict {
	all, errs := make([]judged, len(raw)), make([]error, len(raw))
	var out []*judged // which let data out
	for i := range raw {
		e := new(evaluation)
		if errs[i] = decode(raw[i], e); errs[i] != nil {
			continue
		}
		e.otherwise(defaults)
		if all[i], errs[i] = s.judgeFor(r, p, e); errs[i] == nil && all[i].letsOut() {
			out = append(out, &all[i])
		}
	}
	s.permit(r.Context(), out...)
	answers := make([]verdict, len(raw))
	for i, err := range errs {
		if err == nil {
			answers[i] = s.verdict(&all[i])
			continue
		}
		status := http.StatusBadRequest
		if why, ok := errors.AsType[refusal](err); ok {
			status = why.status
		}
		answers[i] = verdict{Context: reasons{Error: &itemError{status, err.Error()}}}
	}
	return answers
}

// otherwise takes what the evaluation does not have from the batch.
func (e *evaluation) otherwise(d *evaluation) {
	if e.Subject == nil {
		e.Subject = d.Subject
	}
	if e.Action == nil {
		e.Action = d.Action
	}
	if e.Resource == nil {
		e.Resource = d.Resource
	}
	if e.Context == nil {
		e.Context = d.Context
	}
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
	text, err := json.Marshal(map[string]any{
		"policy_decision_point":       base,
		"access_evaluation_endpoint":  base + "/access/v1/evaluation",
		"access_evaluations_endpoint": base + "/access/v1/evaluations",
	}, json.Deterministic(true))
	if err != nil { // the host is no UTF-8
		http.Error(w, "the request's Host cannot be repeated", http.StatusBadRequest)
		return
	}
	send(w, &text)
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

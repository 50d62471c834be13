package server

import (
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/subject"
)

// A handle answers one operation of /api/v1 on a site, or says why not.
type handle func(w http.ResponseWriter, r *http.Request, x *site, p *auth.Principal) error

// api wraps a handle: who asks, what they may, which site.
func (s *Server) api(scope auth.Scope, h handle) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := s.entitled(w, r, scope, r.PathValue("site"))
		if err != nil {
			s.fail(w, r, err)
			return
		}
		var x *site
		if name := r.PathValue("site"); name != "" {
			if x, err = s.site(name, ""); err != nil {
				s.fail(w, r, refusal{http.StatusNotFound, err.Error()})
				return
			}
		}
		if err := h(w, r, x, p); err != nil {
			s.fail(w, r, err)
		}
	}
}

// who is the person that a path names. Paths hold ids only: what identifies a person would end in the
// logs of every proxy.
func who(r *http.Request) (subject.Ref, error) {
	id := r.PathValue("person")
	ref, err := subject.NewIdentity("id", id)
	if err != nil {
		return ref, refusal{http.StatusBadRequest, "the path names a person by id, 32 hexadecimal digits; POST …/people/find finds the id of an identity"}
	}
	return ref, nil
}

// readReference reads a body whose one member names a person.
func readReference(w http.ResponseWriter, r *http.Request, member string) (subject.Ref, error) {
	var b map[string]any
	if err := read(w, r, &b); err != nil {
		return subject.Ref{}, err
	}
	text, ok := b[member].(string)
	if !ok {
		return subject.Ref{}, refusal{http.StatusBadRequest, "member " + member + " is missing, or is no text"}
	}
	return subject.ParseIdentity(text)
}

type identitiesBody struct {
	Identities []string `json:"identities"` // kind:value
}

func (b identitiesBody) read() ([]subject.Identity, error) {
	if len(b.Identities) == 0 || len(b.Identities) > 50 {
		return nil, refusal{http.StatusBadRequest, "identities is a list of 1 to 50, as email:ann@mail.example"}
	}
	var out []subject.Identity
	for _, text := range b.Identities {
		i, err := subject.ParseIdentity(text)
		if err != nil {
			return nil, err
		}
		if i.Kind == "id" {
			return nil, refusal{http.StatusBadRequest, "an identity is kind:value, as email:ann@mail.example; ids are given out by the server"}
		}
		out = append(out, i)
	}
	return out, nil
}

type personID struct {
	ID      string `json:"id"`
	Created bool   `json:"created"`
}

// createPerson makes a person, or finds the one who has the identities.
func (s *Server) createPerson(w http.ResponseWriter, r *http.Request, x *site, p *auth.Principal) error {
	var b identitiesBody
	if err := read(w, r, &b); err != nil {
		return err
	}
	l, err := b.read()
	if err != nil {
		return err
	}
	id, made, err := s.house.People.Create(r.Context(), x.place, p.Handle(), l...)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if made {
		status = http.StatusCreated
	}
	answer(w, status, personID{id.String(), made})
	return nil
}

// findPerson finds the id of an identity.
func (s *Server) findPerson(w http.ResponseWriter, r *http.Request, x *site, p *auth.Principal) error {
	ref, err := readReference(w, r, "identity")
	if err != nil {
		return err
	}
	id, err := s.house.People.Find(r.Context(), x.place, ref)
	if err != nil {
		return err
	}
	if err := s.house.People.Accessed(r.Context(), x.place, ref, p.Handle(), "find"); err != nil {
		return err
	}
	answer(w, http.StatusOK, personID{ID: id.String()})
	return nil
}

// identify gives a person further identities.
func (s *Server) identify(w http.ResponseWriter, r *http.Request, x *site, p *auth.Principal) error {
	ref, err := who(r)
	if err != nil {
		return err
	}
	var b identitiesBody
	if err := read(w, r, &b); err != nil {
		return err
	}
	l, err := b.read()
	if err != nil {
		return err
	}
	if err := s.house.People.Identify(r.Context(), x.place, p.Handle(), ref, l...); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// mergePeople says that another record is of the same person; splitPerson takes it back.
func (s *Server) mergePeople(w http.ResponseWriter, r *http.Request, x *site, p *auth.Principal) error {
	ref, err := who(r)
	if err != nil {
		return err
	}
	other, err := readReference(w, r, "other")
	if err != nil {
		return err
	}
	if err := s.house.People.Merge(r.Context(), x.place, p.Handle(), ref, other); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) splitPerson(w http.ResponseWriter, r *http.Request, x *site, p *auth.Principal) error {
	i, err := readReference(w, r, "identity")
	if err != nil {
		return err
	}
	if err := s.house.People.Split(r.Context(), x.place, p.Handle(), i); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

type historyLine struct {
	Index  int64          `json:"index"`
	Entry  string         `json:"entry"`
	Record jsontext.Value `json:"record"`
}

// history lists the records of a person in the order of the log.
func (s *Server) history(w http.ResponseWriter, r *http.Request, x *site, p *auth.Principal) error {
	ref, err := who(r)
	if err != nil {
		return err
	}
	if err := s.house.People.Accessed(r.Context(), x.place, ref, p.Handle(), "history"); err != nil {
		return err
	}
	from, err := number(r, "from", 0, 1<<62)
	if err != nil {
		return err
	}
	limit, err := number(r, "limit", 100, 1000)
	if err != nil {
		return err
	}
	l, err := s.house.People.History(r.Context(), x.place, ref, from, int(limit))
	if err != nil {
		return err
	}
	out := struct {
		Entries []historyLine `json:"entries"`
		Next    int64         `json:"next,omitempty"`
	}{Entries: []historyLine{}}
	for _, e := range l {
		out.Entries = append(out.Entries, historyLine{e.Index, e.ID.String(), jsontext.Value(e.Record)})
	}
	if len(l) == int(limit) {
		out.Next = l[len(l)-1].Index + 1
	}
	answer(w, http.StatusOK, out)
	return nil
}

// receipt is one record for the person to keep, with its proof.
func (s *Server) receipt(w http.ResponseWriter, r *http.Request, x *site, p *auth.Principal) error {
	ref, err := who(r)
	if err != nil {
		return err
	}
	if err := s.house.People.Accessed(r.Context(), x.place, ref, p.Handle(), "receipt"); err != nil {
		return err
	}
	index, err := strconv.ParseInt(r.PathValue("index"), 10, 64)
	if err != nil || index < 0 {
		return refusal{http.StatusBadRequest, "the index of an entry is a whole number"}
	}
	receipt, err := s.house.People.Receipt(r.Context(), x.place, ref, index)
	if err != nil {
		return err
	}
	text, err := receipt.JSON()
	if err != nil {
		return err
	}
	w.Header()["Content-Type"] = jsonType
	w.Header().Set("Cache-Control", "no-store")
	w.Write(text)
	return nil
}

// erase erases a person in the built-in system: what Avow itself holds.
func (s *Server) erase(w http.ResponseWriter, r *http.Request, x *site, _ *auth.Principal) error {
	ref, err := who(r)
	if err != nil {
		return err
	}
	e, err := s.house.People.Erase(r.Context(), x.place, ref)
	if err != nil {
		return err
	}
	out := map[string]any{"records": e.Records, "identities": e.Identities, "evidence": e.Evidence, "index": e.Index}
	if e.Since != 0 { // else a reader holds it up, and it follows within seconds of the reader's end
		out["unreadable_here_since"] = e.Since.String()
	}
	answer(w, http.StatusOK, out)
	return nil
}

// number reads a whole number of the query.
func number(r *http.Request, name string, unset, most int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return unset, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > most {
		return 0, refusal{http.StatusBadRequest, name + " is a whole number from 0 to " + strconv.FormatInt(most, 10)}
	}
	return n, nil
}

package server

import (
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/ledger"
)

// A verdict is the answer to an evaluation.
type verdict struct {
	Decision bool
	Context  reasons
}

// reasons is the answer's context (design: AuthZEN).
type reasons struct {
	ReasonAdmin, ReasonUser string // in English
	Kind                    string
	Clauses, Missing        []string
	Promises, Basis         []string // that determined it, by id; on which the allows hold
	Law                     []decision.Reason
	Obligations             []string // ids
	Version                 string
	Seq                     int64
	Known                   bool   // the person; of others only the question says something
	Mode                    string // how far it is enforced, if not wholly; kind says what the notice says
	Signed                  string // the answer as a signed note, where context.snapshot asks for it
	Permit                  string // by which a disclosure is confirmed
	EvaluationID            string
	Error                   *itemError // the question cannot be asked
}

type itemError struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
}

// An objectWriter writes a JSON object by hand: this is on the path of every decision. Empty texts and
// lists are left out.
type objectWriter struct{ b []byte }

func (o *objectWriter) name(name string) {
	if last := o.b[len(o.b)-1]; last != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), name...), `":`...)
}

func (o *objectWriter) text(name, v string) {
	if v != "" {
		o.name(name)
		o.b = ledger.AppendJSONString(o.b, v)
	}
}

// english is a text with its language.
func (o *objectWriter) english(name, v string) {
	if v != "" {
		o.name(name)
		o.b = append(ledger.AppendJSONString(append(o.b, `{"en":`...), v), '}')
	}
}

func (o *objectWriter) list(name string, v []string) {
	if len(v) == 0 {
		return
	}
	o.name(name)
	for i, s := range v {
		o.b = append(o.b, "[,"[min(i, 1)])
		o.b = ledger.AppendJSONString(o.b, s)
	}
	o.b = append(o.b, ']')
}

func (o *objectWriter) number(name string, n int64) {
	o.name(name)
	o.b = strconv.AppendInt(o.b, n, 10)
}

func (o *objectWriter) truth(name string, v bool) {
	o.name(name)
	o.b = strconv.AppendBool(o.b, v)
}

// obligation is how AuthZEN's obligations are typed.
const obligation = "urn:avow:obligation:"

// appendJSON writes the verdict in AuthZEN's form.
func (v *verdict) appendJSON(b []byte) []byte {
	o := objectWriter{append(b, '{')}
	c := &v.Context
	o.truth("decision", v.Decision)
	o.b = append(o.b, `,"context":{`...)
	o.english("reason_admin", c.ReasonAdmin)
	o.english("reason_user", c.ReasonUser)
	o.text("kind", c.Kind)
	o.list("clauses", c.Clauses)
	o.list("promises", c.Promises)
	o.list("basis", c.Basis)
	o.list("missing", c.Missing)
	if len(c.Law) > 0 {
		text, err := json.Marshal(c.Law)
		if err != nil {
			panic(err) // it is made of texts
		}
		o.name("law")
		o.b = append(o.b, text...)
	}
	if len(c.Obligations) > 0 {
		o.name("obligations")
		for i, id := range c.Obligations {
			o.b = append(ledger.AppendJSONString(append(append(o.b, "[,"[min(i, 1)]), `{"id":`...), id), `,"type":`...)
			o.b = append(ledger.AppendJSONString(o.b, obligation+id), '}')
		}
		o.b = append(o.b, ']')
	}
	o.text("version", c.Version)
	o.number("seq", c.Seq)
	o.truth("known", c.Known)
	o.text("mode", c.Mode)
	o.text("signed", c.Signed)
	o.text("permit", c.Permit)
	o.text("evaluation_id", c.EvaluationID)
	if c.Error != nil {
		o.name("error")
		o.b = append(o.b, '{')
		o.number("status", int64(c.Error.Status))
		o.text("message", c.Error.Message)
		o.b = append(o.b, '}')
	}
	return append(o.b, "}}"...)
}

// jsonType is shared by all answers' headers; nobody changes it.
var jsonType = []string{"application/json"}

// send answers with JSON. It may make the text longer.
func send(w http.ResponseWriter, text *[]byte) {
	*text = append(*text, '\n')
	w.Header()["Content-Type"] = jsonType
	w.Write(*text)
}

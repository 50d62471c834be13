package policy

import (
	"fmt"
	"strings"

	"github.com/avowhq/avow/decision"
)

// Describe writes a question in the words of an example.
func Describe(q decision.Request, who decision.Person) string {
	given, ask := []string{}, []string{"action: " + q.Action}
	add := func(to *[]string, key, value string) {
		if value != "" {
			*to = append(*to, key+": "+value)
		}
	}
	add(&given, "residence", who.Residence)
	switch {
	case who.Born != 0:
		add(&given, "age", fmt.Sprint(int64(q.At-who.Born)/(8766*3600e6)))
	case who.Age > 0:
		add(&given, "age", fmt.Sprint(who.Age))
	}
	for _, f := range who.Facts {
		add(&given, f.Name, statedText(f))
	}
	for _, e := range who.Events {
		add(&given, e.Name, ago(q.At-e.At))
	}
	for _, c := range who.Choices {
		words := map[decision.ChoiceKind]string{
			decision.Granted: "consented", decision.Withdrawn: "withdrew", decision.Refused: "refused",
			decision.Objected: "objected", decision.Restricted: "restricted", decision.Overridden: "objection overridden", decision.Held: "held",
		}
		what := "{"
		if c.Style != "" {
			what += "how: " + string(c.Style) + ", "
		}
		if c.Guardian {
			what += "by: guardian, "
		}
		add(&given, words[c.Kind], what+"when: "+ago(q.At-c.At)+"}")
	}
	add(&ask, "data", strings.Join(q.Data, ", "))
	add(&ask, "service", q.Service)
	add(&ask, "cookie", q.Cookie)
	for _, x := range [][2]string{{"for", q.For}, {"to", q.To}, {"by", q.By}, {"in", q.In}, {"from", q.From}, {"of", q.Of}, {"as", string(q.As)}, {"ground", q.Ground}, {"with", strings.Join(q.With, ", ")}} {
		add(&ask, x[0], x[1])
	}
	if q.As == decision.Aggregated {
		add(&ask, "group", fmt.Sprint(q.Group))
	}
	for _, s := range q.Stated {
		add(&ask, s.Name, statedText(s))
	}
	for _, a := range q.Ended {
		add(&given, "agreement", "{"+a+": ended}")
	}
	for _, a := range q.Assigned {
		add(&given, a, "assigned")
	}
	return fmt.Sprintf("given {%s} ask {%s}", strings.Join(given, ", "), strings.Join(ask, ", "))
}

func statedText(s decision.Stated) string {
	if s.Value != "" {
		return s.Value
	}
	return fmt.Sprint(s.Number)
}

func ago(span decision.Instant) string {
	hours := int64(span) / 3600e6
	if hours >= 48 {
		return fmt.Sprintf("%d days ago", hours/24)
	}
	return fmt.Sprintf("%d hours ago", max(1, hours))
}

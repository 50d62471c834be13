package policy

import (
	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy/law"
)

// Binding are the notice's laws that bind a use about a person who lives there, at an instant; all of
// them where the residence is unknown.
func (p *Policy) Binding(m *decision.Model, residence string, at decision.Instant) ([]law.Profile, error) {
	laws, err := p.Profiles()
	if err != nil {
		return nil, err
	}
	return law.Binding(laws, m.Vocabulary.Establishments, residence, at), nil
}

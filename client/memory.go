package client

import "sync"

// memory is a shelf that ends with the program.
type memory struct {
	mu     sync.Mutex
	people map[name]map[slot]kept
	order  fifo[slot]
}

func newMemory(most int) *memory {
	return &memory{people: map[name]map[slot]kept{}, order: newFifo[slot](most)}
}

func (m *memory) put(s slot, k kept) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.people[s.person] == nil {
		m.people[s.person] = map[slot]kept{}
	}
	m.people[s.person][s] = k
	if oldest, full := m.order.add(s); full {
		m.remove(oldest)
	}
	return nil
}

func (m *memory) look(s slot) (kept, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.people[s.person][s]
	return k, ok, nil
}

func (m *memory) drop(person name, doomed func(slot, kept) bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for s, k := range m.people[person] {
		if doomed(s, k) {
			m.order.remove(s)
			m.remove(s)
		}
	}
	return nil
}

func (m *memory) remove(s slot) {
	if delete(m.people[s.person], s); len(m.people[s.person]) == 0 {
		delete(m.people, s.person)
	}
}

func (m *memory) clear() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.people, m.order = map[name]map[slot]kept{}, newFifo[slot](m.order.max)
	return nil
}

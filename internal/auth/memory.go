package auth

import "sync"

// A memory holds what was met lately, at most so many. When the young half is full it becomes the old
// one; what is found in the old one is young again. The zero value holds nothing until most is set.
type memory[V any] struct {
	most int

	mu         sync.RWMutex
	young, old map[digest]V
}

func (m *memory[V]) find(d digest) (V, bool) {
	m.mu.RLock()
	v, ok := m.young[d]
	if ok {
		m.mu.RUnlock()
		return v, true
	}
	v, ok = m.old[d]
	m.mu.RUnlock()
	if !ok {
		return v, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if w, ok := m.young[d]; ok { // meanwhile
		return w, true
	}
	m.insert(d, v)
	return v, true
}

func (m *memory[V]) put(d digest, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.insert(d, v)
}

func (m *memory[V]) insert(d digest, v V) {
	if _, ok := m.young[d]; !ok && len(m.young) >= max(1, m.most/2) {
		m.old, m.young = m.young, nil
	}
	if m.young == nil {
		m.young = map[digest]V{}
	}
	m.young[d] = v
}

func (m *memory[V]) drop(d digest) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.young, d)
	delete(m.old, d)
}

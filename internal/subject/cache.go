package subject

import "sync"

// A cache keeps the latest used values, between most and twice as many. It is two maps: what is used
// moves to the young one; when that is full it becomes the old one, and the old one goes.
type cache[K comparable, V any] struct {
	mu         sync.Mutex
	young, old map[K]V
	most       int
}

func newCache[K comparable, V any](most int) *cache[K, V] {
	return &cache[K, V]{young: map[K]V{}, most: most}
}

func (c *cache[K, V]) find(k K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.young[k]; ok {
		return v, true
	}
	v, ok := c.old[k]
	if ok {
		c.put(k, v)
	}
	return v, ok
}

// add keeps the value if still, asked under the lock, says that it is no older than what was dropped.
func (c *cache[K, V]) add(k K, v V, still func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if still() {
		c.put(k, v)
	}
}

func (c *cache[K, V]) put(k K, v V) {
	if len(c.young) >= c.most {
		c.old, c.young = c.young, make(map[K]V, c.most)
	}
	c.young[k] = v
}

func (c *cache[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.young, c.old = map[K]V{}, nil
}

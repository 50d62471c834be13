package policy

import "math"

// smallest is the member of the region that states least: the way taken in each dimension, the first
// where several cost as little. Cost tells what a way states.
func (r *regions) smallest(of region, cost func(dim, way int) int) (ways []int, stated int) {
	type step struct{ way, cost int }
	seen := map[region]step{nowhere: {0, math.MaxInt32}, everywhere: {0, 0}}
	var visit func(n region) int
	visit = func(n region) int {
		if s, ok := seen[n]; ok {
			return s.cost
		}
		best := step{0, math.MaxInt32}
		for w, to := range r.of(n) {
			if c := visit(to) + cost(int(r.nodes[n].dim), w); c < best.cost {
				best = step{w, c}
			}
		}
		seen[n] = best
		return best.cost
	}
	stated = visit(of)
	ways = make([]int, len(r.widths))
	for n := of; n > everywhere; {
		w := seen[n].way
		ways[r.nodes[n].dim] = w
		n = r.of(n)[w]
	}
	return ways, stated
}

// A grouping puts together the ways of each dimension that some regions cannot tell apart.
type grouping struct {
	r     *regions
	first [][]int // by dimension and way: the first way that is like it
	count []int   // by dimension: how many are unlike
}

// grouping of the ways by what the regions look at. A dimension they do not look at is one class.
func (r *regions) grouping(of ...region) *grouping {
	g := &grouping{r: r, first: make([][]int, len(r.widths)), count: make([]int, len(r.widths))}
	for d := range g.count {
		g.count[d] = 1
	}
	seen := map[region]bool{}
	var visit func(n region)
	visit = func(n region) {
		if n <= everywhere || seen[n] {
			return
		}
		seen[n] = true
		kids := r.of(n)
		g.split(int(r.nodes[n].dim), kids)
		for _, to := range kids {
			visit(to)
		}
	}
	for _, n := range of {
		visit(n)
	}
	return g
}

// split tells ways apart that go to different regions.
func (g *grouping) split(dim int, kids []region) {
	if g.first[dim] == nil {
		g.first[dim] = make([]int, len(kids))
	}
	first := g.first[dim]
	type key struct {
		was int
		to  region
	}
	seen := make(map[key]int, len(kids))
	for w, to := range kids {
		k := key{first[w], to}
		if _, ok := seen[k]; !ok {
			seen[k] = w
		}
		first[w] = seen[k]
	}
	g.count[dim] = len(seen)
}

// classes counts those of a region; nowhere in between is more than an int holds.
func (g *grouping) classes(of region) int {
	seen := map[region]float64{nowhere: 0}
	var visit func(n region) float64
	visit = func(n region) float64 {
		if c, ok := seen[n]; ok {
			return c
		}
		dim := int(g.r.nodes[n].dim)
		var sum float64
		for w, to := range g.r.of(n) {
			if g.first[dim][w] == w {
				sum += visit(to) * g.between(dim+1, to)
			}
		}
		seen[n] = sum
		return sum
	}
	seen[everywhere] = 1
	return int(min(visit(of)*g.between(0, of), 1<<62))
}

// between multiplies the dimensions from one up to the one that a node asks about.
func (g *grouping) between(dim int, to region) float64 {
	n := 1.0
	for d := dim; d < int(g.r.nodes[to].dim); d++ {
		n *= float64(g.count[d])
	}
	return n
}

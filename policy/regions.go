package policy

import "slices"

// maxRegions bounds the work on one comparison.
const maxRegions = 4_000_000

// A region is a set of classes of questions: which ways they may take in each dimension. Regions are
// decision diagrams, kept once each, so two are the same set exactly if they are the same number.
type region int32

const (
	nowhere    region = 0
	everywhere region = 1
)

// regions is the algebra over one list of dimensions, which are asked about in their order.
type regions struct {
	widths []int // ways by dimension
	nodes  []regionNode
	kids   []region
	heads  []region // hash table of nodes, chained by next
	memo   []regionOp
	stack  []region
	full   bool // there are too many; what was computed since means nothing
}

// A regionNode asks about one dimension and goes on by the way taken; one that no way changes is left out.
type regionNode struct {
	dim  int32
	kids int32 // where they start
	next region
}

type regionOp struct {
	op   regionOpKind
	a, b region
	out  region
}

type regionOpKind uint8

const (
	opNone regionOpKind = iota
	opBoth
	opEither
	opMinus
)

func newRegions(widths []int) *regions {
	end := int32(len(widths))
	return &regions{
		widths: widths, nodes: []regionNode{{dim: end}, {dim: end}},
		heads: make([]region, 1<<12), memo: make([]regionOp, 1<<16),
	}
}

// ways is the region in which the dimension takes a way that holds.
func (r *regions) ways(dim int, holds func(way int) bool) region {
	start := len(r.stack)
	for w := range r.widths[dim] {
		to := nowhere
		if holds(w) {
			to = everywhere
		}
		r.stack = append(r.stack, to)
	}
	return r.node(dim, start)
}

// node is the one that goes to the regions on the stack from start on, and takes them off.
func (r *regions) node(dim, start int) region {
	kids := r.stack[start:]
	r.stack = r.stack[:start]
	same := true
	for _, k := range kids {
		same = same && k == kids[0]
	}
	if same {
		return kids[0]
	}
	head := &r.heads[hashOf(dim, kids)&uint64(len(r.heads)-1)]
	for n := *head; n != 0; n = r.nodes[n].next {
		if int(r.nodes[n].dim) == dim && slices.Equal(r.of(n), kids) {
			return n
		}
	}
	if len(r.nodes) >= maxRegions {
		r.full = true
		return nowhere
	}
	n := region(len(r.nodes))
	r.nodes = append(r.nodes, regionNode{int32(dim), int32(len(r.kids)), *head})
	r.kids = append(r.kids, kids...)
	*head = n
	if len(r.nodes) > 2*len(r.heads) {
		r.grow()
	}
	return n
}

func hashOf(dim int, kids []region) uint64 {
	hash := uint64(dim) + 1469598103934665603
	for _, k := range kids {
		hash = (hash ^ uint64(k)) * 1099511628211
	}
	return hash ^ hash>>29
}

// grow makes the hash table four times as large.
func (r *regions) grow() {
	heads := make([]region, 4*len(r.heads))
	for n := region(2); int(n) < len(r.nodes); n++ {
		x := &r.nodes[n]
		head := &heads[hashOf(int(x.dim), r.of(n))&uint64(len(heads)-1)]
		x.next, *head = *head, n
	}
	r.heads = heads
	if len(r.memo) < 1<<20 {
		r.memo = make([]regionOp, 4*len(r.memo))
	}
}

// of are the regions that a node goes to, by way.
func (r *regions) of(n region) []region {
	x := &r.nodes[n]
	return r.kids[x.kids : int(x.kids)+r.widths[x.dim]]
}

// both is where all of them are.
func (r *regions) both(list ...region) region {
	out := everywhere
	for _, x := range list {
		out = r.apply(opBoth, out, x)
	}
	return out
}

// either is where one of them is.
func (r *regions) either(list ...region) region {
	out := nowhere
	for _, x := range list {
		out = r.apply(opEither, out, x)
	}
	return out
}

// given is the region among the questions that take one way in a dimension.
func (r *regions) given(x region, dim, way int) region {
	done := map[region]region{}
	var of func(x region) region
	of = func(x region) region {
		switch at := int(r.nodes[x].dim); {
		case at > dim:
			return x
		case at == dim:
			return r.of(x)[way]
		}
		if out, ok := done[x]; ok {
			return out
		}
		at, start := int(r.nodes[x].dim), len(r.stack)
		for w := range r.widths[at] {
			to := of(r.of(x)[w])
			r.stack = append(r.stack, to)
		}
		out := r.node(at, start)
		done[x] = out
		return out
	}
	return of(x)
}

// minus is where a is and b is not.
func (r *regions) minus(a, b region) region { return r.apply(opMinus, a, b) }

func (r *regions) not(a region) region { return r.apply(opMinus, everywhere, a) }

func (r *regions) apply(op regionOpKind, a, b region) region {
	if op != opMinus && a > b {
		a, b = b, a
	}
	switch {
	case op == opBoth && (a == nowhere || b == everywhere || a == b), op == opEither && (a == b || a == everywhere), op == opMinus && (a == nowhere || b == nowhere):
		return a
	case op == opBoth && a == everywhere, op == opEither && a == nowhere:
		return b
	case op == opMinus && (b == everywhere || a == b):
		return nowhere
	}
	if op == opEither && b == everywhere {
		return everywhere
	}
	key := (uint64(a)*0x9e3779b97f4a7c15 + uint64(b)*0xc2b2ae3d27d4eb4f + uint64(op)*0x165667b19e3779f9)
	key ^= key >> 31
	if m := &r.memo[key&uint64(len(r.memo)-1)]; m.op == op && m.a == a && m.b == b {
		return m.out
	}
	dim := min(r.nodes[a].dim, r.nodes[b].dim)
	start := len(r.stack)
	for w := range r.widths[dim] {
		x, y := a, b
		if r.nodes[a].dim == dim {
			x = r.kids[int(r.nodes[a].kids)+w]
		}
		if r.nodes[b].dim == dim {
			y = r.kids[int(r.nodes[b].kids)+w]
		}
		to := r.apply(op, x, y)
		r.stack = append(r.stack, to)
	}
	out := r.node(int(dim), start)
	r.memo[key&uint64(len(r.memo)-1)] = regionOp{op, a, b, out} // it may have grown
	return out
}

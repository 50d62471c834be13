package vault

// WrapFor wraps an opened ring for another owner, under the current epoch: evidence that outlives the
// person it was about gets an owner of its own.
func (k *Keys) WrapFor(r *Ring, owner [16]byte) Wrapped {
	return k.current().wrap(r.kind, owner, r.keys.own[:])
}

package decision

// What may be done, by what it is done to.
const (
	VerbCollect  = "collect"
	VerbStore    = "store"
	VerbUse      = "use"
	VerbRead     = "read" // by a human eye
	VerbProfile  = "profile"
	VerbDecide   = "decide"
	VerbCombine  = "combine"
	VerbDisclose = "disclose"
	VerbSell     = "sell" // disclosing for money or in kind
	VerbPublish  = "publish"

	VerbSet = "set"

	VerbErase     = "erase"
	VerbAnonymise = "anonymise"
	VerbDetach    = "detach"
	VerbTruncate  = "truncate"
)

// DataVerbs are the verbs of rules on data.
func DataVerbs() []string {
	return []string{VerbCollect, VerbStore, VerbUse, VerbRead, VerbProfile, VerbDecide, VerbCombine, VerbDisclose, VerbSell, VerbPublish}
}

// ServiceVerbs are the verbs of rules on services.
func ServiceVerbs() []string {
	return []string{"grant", VerbUse, "charge", "suspend", "restore", "end"}
}

// DestructiveVerbs end data. No rule speaks of them: holds and retention decide.
func DestructiveVerbs() []string { return []string{VerbErase, VerbAnonymise, VerbDetach, VerbTruncate} }

// Covers lists the verbs that a deny of verb on data hits beside verb itself; an allow covers only
// what it names.
func Covers(verb string) []string {
	switch verb {
	case VerbUse:
		return []string{VerbRead, VerbProfile, VerbDecide, VerbCombine}
	case VerbDisclose:
		return []string{VerbSell, VerbPublish}
	}
	return nil
}

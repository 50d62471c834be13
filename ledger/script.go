package ledger

import _ "embed"

//go:embed verifier/verify.js
var verifierScript string

// VerifierScript is a second verifier of receipts, in plain JavaScript for browsers: an ES module that exports
// verify(receipt, {logs, witnesses, demand}), has no dependency and opens no connection. A page that carries it
// verifies without us.
func VerifierScript() string { return verifierScript }

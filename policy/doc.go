// Package policy reads a privacy notice whose clauses say what they make the system do, checks it,
// lowers it to what deciding needs, runs its examples, and compares versions exactly.
//
// The path of a notice: Load or Read (problems, all at once) → Lower → decision.Compile; then
// RunExamples, Cover, CheckRun, Compare. docs/spec/policy.md is the language. To add a kind of
// promise, see kinds.go.
package policy

// Package decision answers whether a use of personal data is allowed, and why. It is pure: no clock, no
// I/O, no chance; the same input gives the same answer for ever.
//
// A Model is a policy in names. Compile turns it into a Program, whose Decide allocates nothing;
// Reference reads the Model as it stands and is the specification in code. People holds facts in flat
// arrays. docs/spec/semantics.md says precisely what an answer is.
package decision

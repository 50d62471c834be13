// Package avow is the root of the module and holds no code, only the tests that keep the house in
// order: the import graph (deps_test.go), the written rules of style (style_test.go) and the
// documentation, whose commands are run (readme_test.go).
//
// The rooms, from the ground up; each may know those above it in this list and no other:
//
//	decision         Decide: may this be done with that person's data, and why. Pure.
//	policy/dpv       the words of the W3C Data Privacy Vocabulary
//	policy/law       law profiles: what a law takes away, with dates and sources
//	policy           the notice: read, check, lower to a decision.Model, compare, explain
//	policies         the notices that come with Avow
//	internal/server  one route table: decisions over AuthZEN, the notice as a page
//	cmd/avow         the command, one file a verb
//
// A program that wants to ask from within needs policy and decision only.
package avow

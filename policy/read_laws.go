package policy

import (
	"io/fs"

	"github.com/avowhq/avow/policy/law"
)

// library reads the law profiles of the policy's folder. What cannot be used is a problem: a law update
// that is silently left out would be worse than none.
func (r *reader) library(files fs.FS) {
	library, faults := law.Open(files)
	for _, p := range library.Own() {
		r.p.Files = append(r.p.Files, File{law.Folder + "/" + p.ID + ".json", p.Text()})
	}
	for _, f := range faults {
		r.add("E05", Pos{File: f.File, Line: f.Line, Col: 1}, "law profile: "+f.Err.Error(), "see docs/spec/law.md; of two revisions of a law the higher one is used")
	}
	r.p.Laws = library
}

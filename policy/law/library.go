package law

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/avowhq/avow/decision"
)

//go:embed profiles/*.json
var profiles embed.FS

// Folder is where a policy keeps profiles of its own, one file each.
const Folder = "laws"

// A Library is the profiles at hand: those that come with Avow, and those of a policy's folder. The
// zero Library holds the ones that come with Avow.
type Library struct {
	own []Profile // of the folder: they stand in for built-in ones
}

// builtIn reads the profiles that come with Avow, once.
var builtIn = sync.OnceValues(func() ([]Profile, error) {
	entries, err := profiles.ReadDir("profiles")
	if err != nil {
		return nil, fmt.Errorf("read laws: %w", err)
	}
	var out []Profile
	for _, e := range entries {
		p, err := read(profiles, path.Join("profiles", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read law %s: %w", e.Name(), err)
		}
		out = append(out, p)
	}
	return out, nil
})

func read(files fs.FS, name string) (Profile, error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return Profile{}, err
	}
	p, err := Parse(text)
	if err != nil {
		return Profile{}, err
	}
	if want := strings.TrimSuffix(path.Base(name), ".json"); p.ID != want {
		return Profile{}, fmt.Errorf("its id is %q; a file is named after its law", p.ID)
	}
	return p, nil
}

// Open reads the profiles of a policy's folder, files, beside those that come with Avow. One with the
// id of a built-in one stands in for it, and must have a higher revision, or be the same text. A
// folder that is missing is an empty one. The library holds what could be read; every file that could
// not has a fault.
func Open(files fs.FS) (Library, []Fault) {
	var l Library
	entries, err := fs.ReadDir(files, Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	} else if err != nil {
		return l, []Fault{{Folder, 1, errors.New("it is no folder of profiles that can be read")}}
	}
	var faults []Fault
	for _, e := range entries {
		name := path.Join(Folder, e.Name())
		switch ext := path.Ext(name); {
		case strings.EqualFold(ext, ".yaml"), strings.EqualFold(ext, ".yml"), strings.EqualFold(ext, ".json") && ext != ".json":
			faults = append(faults, Fault{name, 1, errors.New("it would not be read: a profile is JSON, in a file named ID.json")})
			continue
		case ext != ".json":
			continue
		}
		p, err := read(files, name)
		if err == nil {
			err = p.standsIn()
		}
		if err != nil {
			line := 1
			if m, ok := errors.AsType[misplaced](err); ok {
				line = m.line
			}
			faults = append(faults, Fault{name, line, err})
			continue
		}
		l.own = append(l.own, p)
	}
	return l, faults
}

// A Fault is why a file of the folder is not used.
type Fault struct {
	File string
	Line int // from 1; 1 where it is about the whole file
	Err  error
}

// Own lists the profiles of the folder, by id.
func (l Library) Own() []Profile { return slices.Clone(l.own) }

// standsIn refuses a profile that is older than the one it would replace.
func (p Profile) standsIn() error {
	old, err := Library{}.Find(p.ID)
	if err != nil || old.Digest() == p.Digest() {
		return nil // a law that Avow does not have, or the same
	}
	if p.Revision <= old.Revision {
		return fmt.Errorf("revision %d of %s is not newer than revision %d, which Avow has", p.Revision, p.ID, old.Revision)
	}
	return nil
}

// all lists the profiles by id, the strict default among them.
func (l Library) all() ([]Profile, error) {
	list, err := builtIn()
	if err != nil {
		return nil, err
	}
	out := slices.DeleteFunc(slices.Clone(list), func(p Profile) bool {
		return slices.ContainsFunc(l.own, func(o Profile) bool { return o.ID == p.ID })
	})
	out = append(out, l.own...)
	slices.SortFunc(out, func(a, b Profile) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// IDs lists the profiles there are, without the strict default, in alphabetical order.
func (l Library) IDs() []string {
	list, err := l.all()
	if err != nil {
		return nil // the built-in ones are part of the program, and its tests read them
	}
	var ids []string
	for _, p := range list {
		if p.ID != Strict {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// Find is the profile of that id.
func (l Library) Find(id string) (Profile, error) {
	list, err := l.all()
	if err != nil {
		return Profile{}, err
	}
	if i := slices.IndexFunc(list, func(p Profile) bool { return p.ID == id }); i >= 0 {
		return list[i], nil
	}
	return Profile{}, fmt.Errorf("law %q has no profile; there are %s", id, strings.Join(l.IDs(), ", "))
}

// Load is the named profiles, in order, and the strict default after them. A name that has no profile
// is an error that lists those that do.
func (l Library) Load(ids ...string) ([]Profile, error) {
	var out []Profile
	for _, id := range append(slices.Clone(ids), Strict) {
		p, err := l.Find(id)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Load is the named profiles of those that come with Avow, and the strict default after them.
func Load(ids ...string) ([]Profile, error) { return Library{}.Load(ids...) }

// Laws are the parts of the profiles that decide, in the same order.
func Laws(profiles []Profile) []decision.Law {
	var out []decision.Law
	for _, p := range profiles {
		out = append(out, p.Law())
	}
	return out
}

// Binding are the profiles that bind a use at an instant, by the rule that deciding follows: those of
// the establishments and of the residence; all where the residence is unknown; and the strict default
// unless one that is not sectoral covers the residence. The order is kept.
func Binding(profiles []Profile, establishments []string, residence string, at decision.Instant) []Profile {
	covered := slices.ContainsFunc(profiles, func(p Profile) bool {
		return !p.law.Sectoral && residence != "" && lies(residence, p.Territory) && !slices.Contains(p.Territory, decision.StrictDefault)
	})
	var out []Profile
	for _, p := range profiles {
		strict := slices.Contains(p.Territory, decision.StrictDefault)
		binds := residence == "" || p.Binds(residence, at) || slices.ContainsFunc(establishments, func(e string) bool { return p.Binds(e, at) })
		if p.In(at) && (strict && !covered || !strict && binds) {
			out = append(out, p)
		}
	}
	return out
}

// Files are the profiles that come with Avow, as profiles/*.json: to be copied into a policy's folder
// and mended there.
func Files() fs.FS { return profiles }

package kv

import (
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/exit"
)

// keyRange is a range of keys as "get" and "del" take it: KEY [END], or KEY
// with --prefix or --from-key.
type keyRange struct {
	Prefix  bool
	FromKey bool
	Key     string
	End     string // as in the API
}

// validate refuses options that exclude each other.
func (r *keyRange) validate() error {
	if r.Prefix && r.FromKey {
		return exit.BadArgsf("--prefix and --from-key exclude each other: choose one")
	}
	return nil
}

// complete sets the range from the arguments KEY [END]. As in etcdctl an empty
// key with --prefix or --from-key is the whole key space.
func (r *keyRange) complete(args []string) error {
	r.Key = args[0]
	wide := r.Prefix || r.FromKey
	switch {
	case len(args) > 1 && wide:
		return exit.BadArgsf("with --prefix or --from-key only one key is given")
	case len(args) > 1:
		r.End = args[1]
	case wide && r.Key == "":
		r.Key, r.End = access.OpenEnd, access.OpenEnd
	case r.Prefix:
		r.End = string(access.PrefixEnd([]byte(r.Key)))
	case r.FromKey:
		r.End = access.OpenEnd
	}
	return nil
}

// String describes the range to a person.
func (r *keyRange) String() string {
	return access.Range{Key: []byte(r.Key), End: []byte(r.End)}.String()
}

package role

import (
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/exit"
)

// permRange is a range of keys of a permission as the command line gives it: a
// key and perhaps an end, or a key with --prefix or --from-key.
type permRange struct {
	Prefix  bool
	FromKey bool
	named   string // the key as it was given
	access.Range
}

func (r *permRange) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&r.Prefix, "prefix", false, "the permission is for all keys that start with the key")
	fs.BoolVar(&r.FromKey, "from-key", false, "the permission is for all keys from the key on, in byte order")
}

// complete sets the range from the arguments KEY [END]. The rules are
// etcdctl's: an empty key is the first key of all, and with --prefix or
// --from-key the whole key space; an end behind it is not looked at.
func (r *permRange) complete(f *cli.Factory, args []string) error {
	r.named = args[0]
	r.Key = []byte(r.named)
	switch {
	case r.Prefix && r.FromKey && (r.named == "" || len(args) == 1):
		return exit.BadArgsf("--prefix and --from-key exclude each other: choose one")
	case r.named == "":
		if len(args) > 1 {
			f.Warn("the end key is ignored, because the key is empty")
		}
		r.Key = []byte(access.OpenEnd)
		if r.Prefix || r.FromKey {
			r.End = []byte(access.OpenEnd)
		}
	case len(args) > 1 && (r.Prefix || r.FromKey):
		return exit.BadArgsf("with --prefix or --from-key only one key is given")
	case len(args) > 1:
		r.End = []byte(args[1])
	case r.Prefix:
		r.End = access.PrefixEnd(r.Key)
	case r.FromKey:
		r.End = []byte(access.OpenEnd)
	}
	return nil
}

package rbac

import (
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/exit"
)

// keys is the range of keys that a question is about: KEY [END], or KEY with an
// option.
type keys struct {
	Prefix  bool
	FromKey bool
	access.Range
}

const (
	flagPrefix  = "prefix"
	flagFromKey = "from-key"
)

func (k *keys) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&k.Prefix, flagPrefix, false, "all keys that start with KEY")
	fs.BoolVar(&k.FromKey, flagFromKey, false, "all keys from KEY on, in byte order")
}

// complete sets the range from the arguments KEY [END]. A range that can hold
// no key is refused: there is no answer for it. An empty key with an option is
// the whole key space.
func (k *keys) complete(args []string) error {
	k.Range = access.Range{Key: []byte(args[0])}
	switch {
	case k.Prefix && k.FromKey:
		return exit.BadArgsf("--%s and --%s exclude each other: choose one", flagPrefix, flagFromKey)
	case len(args) > 1 && (k.Prefix || k.FromKey):
		return exit.BadArgsf("with --%s or --%s only one key is given", flagPrefix, flagFromKey)
	case args[0] == "" && (k.Prefix || k.FromKey):
		k.Range = access.Everything()
	case args[0] == "":
		return exit.BadArgsf("no key is empty; every key is '' --%s", flagPrefix)
	case k.Prefix:
		k.End = access.PrefixEnd(k.Key)
	case k.FromKey:
		k.End = []byte(access.OpenEnd)
	case len(args) > 1:
		if args[1] <= args[0] {
			return exit.BadArgsf("the range has no keys: its end %q is not behind %q", args[1], args[0])
		}
		k.End = []byte(args[1])
	}
	return nil
}

package cli

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/exit"
)

// KeyRange is a range of keys in the form that commands accept. This is KEY [END], or
// KEY with --prefix or --from-key.
type KeyRange struct {
	Prefix  bool
	FromKey bool

	Key, End string // in the form of the API
}

// Names of the flags of a KeyRange.
const (
	FlagPrefix  = "prefix"
	FlagFromKey = "from-key"
)

// AddFlags adds --prefix and --from-key. Their usage starts with subject, for example
// "delete".
func (r *KeyRange) AddFlags(flags *pflag.FlagSet, subject string) {
	flags.BoolVar(&r.Prefix, FlagPrefix, false, subject+" all keys that start with KEY")
	flags.BoolVar(&r.FromKey, FlagFromKey, false, subject+" all keys from KEY on, in byte order")
}

// EmptyKey selects what an empty KEY means without --prefix and --from-key. With one of
// them, it always means the whole key space, as in etcdctl.
type EmptyKey int

const (
	// EmptyKeyAsGiven sends the empty key to the server, as get and del of etcdctl do.
	EmptyKeyAsGiven EmptyKey = iota
	// EmptyKeyIsFirst treats it as the first possible key and ignores END, as the role
	// commands of etcdctl do.
	EmptyKeyIsFirst
	// EmptyKeyRefused refuses it, and ranges that cannot contain a key.
	EmptyKeyRefused
)

// Complete sets the range from the arguments KEY [END]. Errors have the status
// BadArgs.
func (r *KeyRange) Complete(args []string, empty EmptyKey) error {
	r.Key, r.End = args[0], ""
	wide := r.Prefix || r.FromKey
	switch {
	case r.Prefix && r.FromKey:
		return exit.BadArgsf("--%s and --%s exclude each other: choose one", FlagPrefix, FlagFromKey)
	case len(args) > 1 && wide && (args[0] != "" || empty != EmptyKeyIsFirst):
		return exit.BadArgsf("too many arguments: with --%s or --%s, give only one key", FlagPrefix, FlagFromKey)
	case args[0] == "" && wide:
		r.Key, r.End = access.OpenEnd, access.OpenEnd
	case args[0] == "" && empty == EmptyKeyRefused:
		return exit.BadArgsf("the key is empty: for all keys, use '' --%s", FlagPrefix)
	case args[0] == "" && empty == EmptyKeyIsFirst:
		r.Key = access.OpenEnd
	case r.Prefix:
		r.End = string(access.PrefixEnd([]byte(r.Key)))
	case r.FromKey:
		r.End = access.OpenEnd
	case len(args) > 1:
		if empty == EmptyKeyRefused && args[1] <= args[0] {
			return exit.BadArgsf("the range is empty: its end %q is not after its start %q", args[1], args[0])
		}
		r.End = args[1]
	}
	return nil
}

// WarnIfReversed warns if the range ends before it begins, so that it has no keys.
func (f *Factory) WarnIfReversed(r KeyRange) {
	if r.End != "" && r.Range().IsEmpty() {
		f.Warn(fmt.Sprintf("the range is empty: its end %s is not after its start %s", access.DescribeKey([]byte(r.End)), access.DescribeKey([]byte(r.Key))))
	}
}

// Range returns the range as a range of package access.
func (r *KeyRange) Range() access.Range { return access.Range{Key: []byte(r.Key), End: []byte(r.End)} }

// String describes the range for users.
func (r *KeyRange) String() string { return r.Range().String() }

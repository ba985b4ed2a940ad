package role

import (
	"bytes"
	"slices"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/api/v3/authpb"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
)

// grantFlags holds the permission options of "role add", in the order of the command
// line. The order decides which range a --read or --write applies to.
type grantFlags struct{ given []grantFlag }

// grantFlag is one option. It contains a range or an access.
type grantFlag struct {
	name   string
	keys   access.Range
	access authpb.Permission_Type
}

const (
	flagKey       = "key"
	flagKeyPrefix = "key-prefix"
	flagRangeEnd  = "range-end"
	flagFromKey   = "from-key"
	flagRead      = "read"
	flagWrite     = "write"
)

func (g *grantFlags) addFlags(fs *pflag.FlagSet) {
	fs.Var(rangeValue{g, flagKeyPrefix}, flagKeyPrefix, "grant access to all keys that start with this `prefix`")
	fs.Var(rangeValue{g, flagKey}, flagKey, "grant access to this `key`")
	fs.Var(rangeValue{g, flagRangeEnd}, flagRangeEnd, "end the range of the preceding --key before this `key`")
	fs.Var(rangeValue{g, flagFromKey}, flagFromKey, "grant access to all keys from this `key` on")
	for _, name := range []string{flagRead, flagWrite} {
		fs.Var(accessValue{g, name}, name, "allow to "+name+" the keys of the adjacent options")
		fs.Lookup(name).NoOptDefVal = "true"
	}
}

// leaveToConnection gives the connection its --key. The option for a key of etcd has
// the same name. If a certificate lacks its private key, the first --key is this
// private key, as in a command line of etcdctl.
func (g *grantFlags) leaveToConnection(c *etcd.Options) {
	if c.Cert == "" || c.Key != "" {
		return
	}
	i := slices.IndexFunc(g.given, func(f grantFlag) bool { return f.name == flagKey })
	if i < 0 {
		return
	}
	c.Key = string(g.given[i].keys.Key)
	g.given = slices.Delete(g.given, i, i+1)
}

// rangeValue is the value of an option that gives a range or the end of a range.
type rangeValue struct {
	grants *grantFlags
	name   string
}

// String implements pflag.Value. There is no default to show.
func (rangeValue) String() string { return "" }

// Type implements pflag.Value.
func (rangeValue) Type() string { return "string" }

// Set implements pflag.Value.
func (v rangeValue) Set(key string) error {
	given := &v.grants.given
	if key == "" {
		return exit.BadArgsf("the key is empty: to grant access to every key, use \"role grant-permission\"")
	}
	keys := access.Range{Key: []byte(key)}
	switch v.name {
	case flagKeyPrefix:
		keys.End = access.PrefixEnd(keys.Key)
	case flagFromKey:
		keys.End = []byte(access.OpenEnd)
	case flagRangeEnd:
		if len(*given) == 0 || (*given)[len(*given)-1].name != flagKey {
			return exit.BadArgsf("want the --key at the start of the range before it")
		}
		start := &(*given)[len(*given)-1]
		if key <= string(start.keys.Key) {
			return exit.BadArgsf("the range is empty: its end is not after its start %q", start.keys.Key)
		}
		start.name, start.keys.End = flagRangeEnd, []byte(key)
		return nil
	}
	*given = append(*given, grantFlag{name: v.name, keys: keys})
	return nil
}

// accessValue is the value of --read or --write.
type accessValue struct {
	grants *grantFlags
	name   string
}

// String implements pflag.Value.
func (accessValue) String() string { return "" }

// Type implements pflag.Value.
func (accessValue) Type() string { return "bool" }

// IsBoolFlag tells pflag that the value can be omitted.
func (accessValue) IsBoolFlag() bool { return true }

// Set implements pflag.Value.
func (v accessValue) Set(value string) error {
	switch value {
	case "false":
		return nil
	case "true":
	default:
		return exit.BadArgsf("want no value")
	}
	kind := authpb.READ
	if v.name == flagWrite {
		kind = authpb.WRITE
	}
	v.grants.given = append(v.grants.given, grantFlag{name: v.name, access: kind})
	return nil
}

func (f grantFlag) isRange() bool { return len(f.keys.Key) > 0 }

// permissions returns the permissions of the options, one for each range, in the order
// of the ranges. If the first option is a range, --read and --write apply to the ranges
// before them. Otherwise they apply to the ranges after them. An ambiguous command line
// is refused, because one interpretation allows too much.
func (g *grantFlags) permissions() ([]*authpb.Permission, error) {
	if len(g.given) == 0 {
		return nil, nil
	}
	given := slices.Clone(g.given)
	first, last := given[0], given[len(given)-1]
	reversed := false
	switch {
	case !slices.ContainsFunc(given, grantFlag.isRange):
		return nil, exit.BadArgsf("--%s without keys: give --%s, --%s or --%s", last.name, flagKeyPrefix, flagKey, flagFromKey)
	case g.groups() == 1: // --read --key K --write
		slices.SortStableFunc(given, func(a, b grantFlag) int { return rank(a) - rank(b) })
	case !first.isRange() && !last.isRange():
		return nil, exit.BadArgsf("the keys of --%s and --%s are ambiguous: put both after the keys that they apply to", first.name, last.name)
	case !first.isRange():
		reversed = true
		slices.Reverse(given)
	}
	if end := given[len(given)-1]; end.isRange() {
		return nil, exit.BadArgsf("no access given for %s: put --%s, --%s or both after it", end.keys, flagRead, flagWrite)
	}
	permissions := assign(given)
	if reversed {
		slices.Reverse(permissions)
	}
	return permissions, nil
}

// rank sorts ranges before the accesses to them.
func rank(f grantFlag) int {
	if f.isRange() {
		return 0
	}
	return 1
}

// groups counts the groups of ranges that --read or --write separate.
func (g *grantFlags) groups() int {
	groups := 0
	for i, flag := range g.given {
		if flag.isRange() && (i == 0 || !g.given[i-1].isRange()) {
			groups++
		}
	}
	return groups
}

// assign gives each range the access of the next --read and --write. A range that is
// given several times gets one permission.
func assign(given []grantFlag) []*authpb.Permission {
	var permissions []*authpb.Permission
	var group []access.Range
	for i, flag := range given {
		if flag.isRange() {
			if i > 0 && !given[i-1].isRange() {
				group = nil
			}
			group = append(group, flag.keys)
			continue
		}
		for _, keys := range group {
			if had := onRange(permissions, keys); had != nil {
				had.PermType = both(had.GetPermType(), flag.access)
				continue
			}
			permissions = append(permissions, &authpb.Permission{PermType: flag.access, Key: keys.Key, RangeEnd: keys.End})
		}
	}
	return permissions
}

// onRange returns the permission on exactly keys. A role has at most one.
func onRange(permissions []*authpb.Permission, keys access.Range) *authpb.Permission {
	for _, p := range permissions {
		if bytes.Equal(p.GetKey(), keys.Key) && bytes.Equal(p.GetRangeEnd(), keys.End) {
			return p
		}
	}
	return nil
}

// both returns the access that allows all of a and b.
func both(a, b authpb.Permission_Type) authpb.Permission_Type {
	if a == b {
		return a
	}
	return authpb.READWRITE
}

// missing returns the permissions of wanted that a role with the permissions had lacks.
// A role has one permission on a range, so each includes the access that the role
// already has on it.
func missing(wanted, had []*authpb.Permission) []*authpb.Permission {
	var lacking []*authpb.Permission
	for _, want := range wanted {
		has := onRange(had, access.Range{Key: want.GetKey(), End: want.GetRangeEnd()})
		if has == nil {
			lacking = append(lacking, want)
		} else if all := both(has.GetPermType(), want.GetPermType()); all != has.GetPermType() {
			lacking = append(lacking, &authpb.Permission{PermType: all, Key: want.GetKey(), RangeEnd: want.GetRangeEnd()})
		}
	}
	return lacking
}

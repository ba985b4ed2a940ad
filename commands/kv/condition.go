package kv

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
)

// Options that check the keys before or after a request. They need several requests, so
// a transaction cannot contain them.
const (
	flagFailIfMissing = "fail-if-missing"
	flagIfAbsent      = "if-absent"
	flagIfRev         = "if-rev"
	flagDryRun        = "dry-run"
	flagMaxKeys       = "max-keys"
)

// checkRequest refuses options that a request of a transaction cannot have.
func checkRequest(flags *pflag.FlagSet) error {
	for _, name := range []string{flagFailIfMissing, flagIfAbsent, flagIfRev, flagDryRun, flagMaxKeys} {
		if flags.Changed(name) {
			return fmt.Errorf("--%s cannot be used in a transaction: use a comparison", name)
		}
	}
	return nil
}

// optionalInt is the value of an optional flag that must not be negative.
type optionalInt struct {
	value int64
	given bool
}

// Set implements pflag.Value.
func (n *optionalInt) Set(s string) error {
	value, err := strconv.ParseInt(s, 10, 64)
	if err != nil || value < 0 {
		return errors.New("want a number that is not negative")
	}
	n.value, n.given = value, true
	return nil
}

// String implements pflag.Value. Help texts show no default.
func (n *optionalInt) String() string {
	if !n.given {
		return ""
	}
	return strconv.FormatInt(n.value, 10)
}

// Type implements pflag.Value.
func (n *optionalInt) Type() string { return "int" }

// explainReadPermission adds to a denied permission that options need to read keys. A
// user with only write permission then sees the reason.
func explainReadPermission(err error, options string) error {
	if errors.Is(err, rpctypes.ErrPermissionDenied) {
		return fmt.Errorf("%w (%s also need permission to read the keys)", err, options)
	}
	return err
}

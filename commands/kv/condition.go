package kv

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
)

// Options that look at the keys before or after a request. They make several
// requests of one, so a transaction has no place for them.
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
			return fmt.Errorf("--%s has no place in a transaction, whose comparisons say when to do what", name)
		}
	}
	return nil
}

// number is the value of an option that may be left out, from 0 on.
type number struct {
	value int64
	given bool
}

// Set implements pflag.Value.
func (n *number) Set(s string) error {
	value, err := strconv.ParseInt(s, 10, 64)
	if err != nil || value < 0 {
		return errors.New("it is a number from 0 on")
	}
	n.value, n.given = value, true
	return nil
}

// String implements pflag.Value: help texts name no default.
func (n *number) String() string {
	if !n.given {
		return ""
	}
	return strconv.FormatInt(n.value, 10)
}

// Type implements pflag.Value.
func (n *number) Type() string { return "int" }

// needsRead adds to a refusal that what the user asked for reads keys: one who
// may only write them hears why he is not let.
func needsRead(err error, options string) error {
	if errors.Is(err, rpctypes.ErrPermissionDenied) {
		return fmt.Errorf("%w (%s need the permission to read the keys, too)", err, options)
	}
	return err
}

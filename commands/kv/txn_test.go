package kv

import (
	"errors"
	"testing"

	"github.com/spf13/pflag"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/txn"
)

func requestOf(t *testing.T, line string) (clientv3.Op, error) {
	t.Helper()
	words, err := txn.Words(line)
	if err != nil {
		t.Fatal(err)
	}
	return parseRequest(t.Context(), clitest.New("not for the request").Factory, words)
}

func TestRequestsAreCommandLines(t *testing.T) {
	for line, want := range map[string]struct{ key, end, value string }{
		"put k v":              {"k", "", "v"},
		`put "a b" 'c d'`:      {"a b", "", "c d"},
		"put -- -k -v":         {"-k", "", "-v"},
		"get k":                {"k", "", ""},
		"g k end --limit 3":    {"k", "end", ""},
		"get k --prefix":       {"k", "l", ""},
		"--prefix=true get k":  {"k", "l", ""},
		"--limit 3 g k end":    {"k", "end", ""},
		"- get k":              {"-", "k", ""},
		"del k --from-key":     {"k", "\x00", ""},
		"del a b --range":      {"a", "b", ""},
		"put k --ignore-value": {"k", "", ""},
	} {
		t.Run(line, func(t *testing.T) {
			op, err := requestOf(t, line)
			if err != nil || string(op.KeyBytes()) != want.key || string(op.RangeBytes()) != want.end || string(op.ValueBytes()) != want.value {
				t.Errorf("%s is key %q end %q value %q (%v), want %q", line, op.KeyBytes(), op.RangeBytes(), op.ValueBytes(), err, want)
			}
		})
	}
}

func TestWrongRequestsEndWithTheStatusOfTheirCommand(t *testing.T) {
	for line, want := range map[string]exit.Code{
		"foo k":                   exit.Error, // which the transaction makes InvalidInput
		"--limit get k":           exit.Error, // the limit's value is "get"
		"help get":                exit.Error,
		"-- get k":                exit.Error,
		"get k --bogus":           exit.Error,
		"get --help k":            exit.Error,
		"get k --fail-if-missing": exit.Error, // what cannot be said to the server in one request
		"put k v --if-absent":     exit.Error,
		"put k v --if-rev 3":      exit.Error,
		"del k --max-keys 3":      exit.Error,
		"del k --dry-run":         exit.Error,
		"__complete get":          exit.Error,
		"put k":                   exit.BadArgs,
		"put k v --lease=zz":      exit.BadArgs,
		"get k l --prefix":        exit.BadArgs,
		"get k --order sideways":  exit.BadFeature,
	} {
		t.Run(line, func(t *testing.T) {
			if op, err := requestOf(t, line); exit.CodeOf(err) != want || errors.Is(err, pflag.ErrHelp) { // by which a program prints help and succeeds
				t.Errorf("%s is %v with status %d (%v), want %d", line, op, exit.CodeOf(err), err, want)
			}
		})
	}
}

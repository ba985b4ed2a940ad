package mirror

import (
	"reflect"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
)

// parse is what a command line asks for.
func parse(t *testing.T, line string) (options, error) {
	t.Helper()
	run, got := clitest.New(""), options{}
	command := NewCmd(clitest.Completed(run, &got))
	err := run.Execute(t.Context(), command, strings.Fields(line)...)
	return got, err
}

func TestFlagsSayWhatBecomesOfThePrefix(t *testing.T) {
	for line, want := range map[string][2]string{ // the prefixes of source and destination
		"a":                                      {"", ""},
		"a --prefix p/":                          {"p/", "p/"},
		"a --prefix p/ --dest-prefix d/":         {"p/", "d/"},
		"a --prefix p/ --no-dest-prefix":         {"p/", ""},
		"a --dest-prefix d/":                     {"", "d/"},
		"a --no-dest-prefix":                     {"", ""},
		"a --prefix p/ --rev 7 --dest-prefix=":   {"p/", "p/"},
		"a --prefix p/ --no-dest-prefix --rev 7": {"p/", ""},
	} {
		t.Run(line, func(t *testing.T) {
			opts, err := parse(t, line)
			if got := [2]string{opts.Prefix, opts.destPrefix()}; err != nil || got != want {
				t.Errorf("make-mirror %s copies with the prefixes %q (%v), want %q", line, got, err, want)
			}
		})
	}
	if opts, err := parse(t, "a,https://b:1 --max-txn-ops 5 --once --checkpoint f --dest-user u --dest-insecure-transport=false"); err != nil ||
		!reflect.DeepEqual(opts.endpoints(), []string{"a", "https://b:1"}) || opts.MaxTxnOps != 5 || !opts.Once || opts.Checkpoint != "f" ||
		opts.Identity.User != "u" || opts.Identity.InsecureTransport {
		t.Errorf("it is asked to do %+v, %v", opts, err)
	}
	if opts, err := parse(t, "a"); err != nil || opts.MaxTxnOps != 128 || !opts.Identity.InsecureTransport {
		t.Errorf("the defaults are %+v, %v", opts, err)
	}
}

func TestArgumentsThatMeanNothingAreRefused(t *testing.T) {
	for _, line := range []string{"", "a b", "a --dest-prefix x --no-dest-prefix"} {
		t.Run(line, func(t *testing.T) {
			if _, err := parse(t, line); exit.CodeOf(err) != exit.BadArgs {
				t.Errorf("make-mirror %s: %v, want status %d", line, err, exit.BadArgs)
			}
		})
	}
}

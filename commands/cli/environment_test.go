package cli

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/output"
)

// prepared returns a Factory whose options are those of args and environ, what
// it said on standard error, and its error.
func prepared(t *testing.T, environ []string, args ...string) (*Factory, string, error) {
	t.Helper()
	var out, stderr bytes.Buffer
	f := NewFactory("ectl", &iostreams.Streams{In: strings.NewReader(""), Out: &out, Err: &stderr, Environ: environ})
	fs := pflag.NewFlagSet("ectl", pflag.ContinueOnError)
	f.BindGlobals(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	err := f.Prepare()
	if again := f.Prepare(); err == nil && again != nil {
		t.Errorf("Prepare once more = %v", again)
	}
	if out.Len() > 0 {
		t.Errorf("Prepare with %q prints %q", environ, &out)
	}
	return f, stderr.String(), err
}

func TestVariablesSetTheOptionsThatTheCommandLineLeftAlone(t *testing.T) {
	f, stderr, err := prepared(t, []string{
		"ETCDCTL_ENDPOINTS=a:1,b:2", "ETCDCTL_USER=root:pw", "ETCDCTL_COMMAND_TIMEOUT=7s", "ETCDCTL_WRITE_OUT=json", "ETCDCTL_HEX=true",
		"ETCDCTL_INSECURE_TRANSPORT=false", "ETCDCTL_DISCOVERY_SRV=example.com", "ETCDCTL_API=2", "ETCDCTL_WATCH_KEY=k", "ETCDCTL_WATCH_RANGE_END=l",
		"ETCDCTL_MAX_RECV_BYTES=99", "ECTL_PASSWORD_FILE=/pw", "ECTL_AUTH_JWT_TOKEN_FILE=/token", "HOME=/root", "ETCDCTL=/usr/bin/etcdctl", "ETCD_NAME=m1", "ECTL=x",
	}, "--dial-timeout=3s")
	if err != nil || stderr != "" {
		t.Fatalf("Prepare = %v with %q on stderr", err, stderr)
	}
	c := f.Connection
	if strings.Join(c.Endpoints, " ") != "a:1 b:2" || c.User != "root:pw" || c.CommandTimeout != 7*time.Second || f.Format != "json" || !f.Hex ||
		c.InsecureTransport || c.DiscoverySRV != "example.com" || c.MaxRecvBytes != 99 || c.PasswordFile != "/pw" || c.TokenFile != "/token" || c.DialTimeout != 3*time.Second {
		t.Errorf("the options are %+v, format %s, hex %t; want those of the variables", c, f.Format, f.Hex)
	}
}

func TestAnOptionGivenBothWaysIsAnError(t *testing.T) {
	for variable, args := range map[string][]string{
		"ETCDCTL_ENDPOINTS=a:1":         {"--endpoints=b:2"},
		"ETCDCTL_ENDPOINTS=":            {"--endpoints=b:2"}, // as in etcdctl
		"ETCDCTL_WRITE_OUT=json":        {"-w", "json"},
		"ETCDCTL_USER=root:topsecret":   {"--user=root:topsecret"},
		"ETCDCTL_PASSWORD=topsecret":    {"--password=topsecret"},
		"ETCDCTL_DISCOVERY_SRV=x.org":   {"-d", "x.org"},
		"ETCDCTL_INSECURE_TRANSPORT=no": {"--insecure-transport"},
	} {
		t.Run(variable, func(t *testing.T) {
			name, _, _ := strings.Cut(variable, "=")
			flag, _, _ := strings.Cut(args[0], "=")
			_, _, err := prepared(t, []string{variable}, args...)
			if exit.CodeOf(err) != exit.Error || err == nil || !strings.Contains(err.Error(), name) || len(flag) > 2 && !strings.Contains(err.Error(), flag) {
				t.Errorf("%s with %s = %v, want status 1 and both names", variable, args, err)
			}
			if err != nil && strings.Contains(err.Error(), "topsecret") {
				t.Errorf("%s with %s shows a secret: %v", variable, args, err)
			}
		})
	}
}

func TestOurOwnOptionsGoBeforeTheirVariables(t *testing.T) {
	f, stderr, err := prepared(t, []string{"ECTL_PASSWORD_FILE=/variable", "ECTL_QUIET=1"}, "--password-file=/flag")
	if err != nil || stderr != "" || f.Connection.PasswordFile != "/flag" || !f.Quiet {
		t.Errorf("Prepare = %v, %q, with the file %s, quiet %t; want the file of the flag, and quiet", err, stderr, f.Connection.PasswordFile, f.Quiet)
	}
}

func TestBothPrefixesSetEveryOption(t *testing.T) {
	environ := []string{"ETCDCTL_PASSWORD_FILE=/variable", "ECTL_ENDPOINTS=x:1", "ECTL_USER=alice", "ETCDCTL_QUIET=true", "ECTL_WRITE_OUT=json", "ECTL_COMMAND_TIMEOUT=9s"}
	f, stderr, err := prepared(t, environ)
	if err != nil || stderr != "" || f.Connection.PasswordFile != "/variable" || f.Connection.Endpoints[0] != "x:1" || f.Connection.User != "alice" || !f.Quiet || f.Format != "json" || f.Connection.CommandTimeout != 9*time.Second {
		t.Errorf("Prepare = %v, %q, and the options are %+v", err, stderr, f.Connection)
	}
	// A flag goes before an ECTL_ variable.
	f, stderr, err = prepared(t, environ, "--user=bob", "--endpoints=y:1")
	if err != nil || stderr != "" || f.Connection.User != "bob" || f.Connection.Endpoints[0] != "y:1" {
		t.Errorf("Prepare = %v, %q, and the options are %+v", err, stderr, f.Connection)
	}
	for _, test := range []struct {
		environ []string
		user    string // empty: an error
	}{
		{[]string{"ECTL_USER=alice", "ETCDCTL_USER=alice"}, "alice"},
		{[]string{"ECTL_USER=alice", "ETCDCTL_USER="}, "alice"},
		{[]string{"ECTL_USER=", "ETCDCTL_USER=alice"}, "alice"},
		{[]string{"ECTL_USER=alice:topsecret", "ETCDCTL_USER=bob:topsecret"}, ""},
	} {
		f, _, err := prepared(t, test.environ)
		switch {
		case test.user == "":
			if exit.CodeOf(err) != exit.Error || err == nil || !strings.Contains(err.Error(), "ETCDCTL_USER and ECTL_USER have different values") || strings.Contains(err.Error(), "topsecret") {
				t.Errorf("%q: %v, want status 1 and both names", test.environ, err)
			}
		case err != nil || f.Connection.User != test.user:
			t.Errorf("%q: user %q, %v; want %q", test.environ, f.Connection.User, err, test.user)
		}
	}
}

func TestUnknownVariablesLeadToTheOneThatIsMeant(t *testing.T) {
	for name, want := range map[string]string{
		"ETCDCTL_USERNAME":      "; did you mean ETCDCTL_USER?",
		"ETCDCTL_PEERS":         "; did you mean ETCDCTL_ENDPOINTS?",
		"ETCDCTL_ENDPOINT":      "; did you mean ETCDCTL_ENDPOINTS?",
		"ETCDCTL_CA_FILE":       "; did you mean ETCDCTL_CACERT?",
		"ETCDCTL_CERT_FILE":     "; did you mean ETCDCTL_CERT?",
		"ETCDCTL_KEY_FILE":      "; did you mean ETCDCTL_KEY?",
		"ETCDCTL_OUTPUT":        "; did you mean ETCDCTL_WRITE_OUT?",
		"ETCDCTL_TOTAL_TIMEOUT": "; did you mean ETCDCTL_COMMAND_TIMEOUT?",
		"ETCDCTL_PASSWORDFILE":  "; did you mean ETCDCTL_PASSWORD_FILE?",
		"ECTL_PASWORD_FILE":     "; did you mean ECTL_PASSWORD_FILE?",
		"ECTL_USERNAME":         "; did you mean ECTL_USER?",
		"ECTL_OTHER":            "",
		"ETCDCTL_DEST_PASSWORD": "",
	} {
		t.Run(name, func(t *testing.T) {
			_, stderr, err := prepared(t, []string{name + "=topsecret"})
			if want := "Warning: the environment variable " + name + " is unknown" + want + "\n"; err != nil || stderr != want {
				t.Errorf("%s: %v with %q on stderr, want %q", name, err, stderr, want)
			}
		})
	}
	// Commands of watch and elect may run ectl.
	if _, stderr, err := prepared(t, []string{"ECTL_WATCH_KEY=k", "ECTL_WATCH_VALUE=v", "ECTL_WATCH_PREV_VALUE=v", "ECTL_ELECTION_KEY=k", "ECTL_ELECTION_REV=1"}); err != nil || stderr != "" {
		t.Errorf("variables for commands: %v with %q on stderr", err, stderr)
	}
}

func TestAValueOfAVariableThatDoesNotFitIsCorrected(t *testing.T) {
	for variable, want := range map[string]string{
		"ETCDCTL_COMMAND_TIMEOUT=60":     "--command-timeout; did you mean 60s?",
		"ETCDCTL_COMMAND_TIMEOUT=2.5":    "did you mean 2.5s?",
		"ECTL_DIAL_TIMEOUT=5 min":        "did you mean 5m?",
		"ETCDCTL_KEEPALIVE_TIME=1d":      "did you mean 24h?",
		"ETCDCTL_COMMAND_TIMEOUT=xyz":    "want a number with a unit, such as 5s, 2m or 1h30m",
		"ETCDCTL_HEX=yes":                "want true or false",
		"ETCDCTL_MAX_RECV_BYTES=10MiB":   "did you mean 10485760?",
		"ETCDCTL_MAX_RECV_BYTES=1.5":     "want a whole number",
		"ETCDCTL_MAX_REQUEST_BYTES=none": "want a whole number",
	} {
		t.Run(variable, func(t *testing.T) {
			name, value, _ := strings.Cut(variable, "=")
			_, stderr, err := prepared(t, []string{variable})
			if err != nil || !strings.HasPrefix(stderr, "Warning: "+name+" is ignored: its value is invalid for --") || !strings.Contains(stderr, want) || strings.Contains(stderr, value+" ") {
				t.Errorf("%s: %v with %q on stderr, want %q", variable, err, stderr, want)
			}
		})
	}
}

func TestUnknownVariablesAreWarnedOfByTheirNames(t *testing.T) {
	environ := []string{"ETCDCTL_PASSWROD=topsecret", "ETCDCTL_ENDPOINT=topsecret", "ETCDCTL_="}
	_, stderr, err := prepared(t, environ)
	want := "Warning: the environment variable ETCDCTL_PASSWROD is unknown; did you mean ETCDCTL_PASSWORD?\nWarning: the environment variable ETCDCTL_ENDPOINT is unknown; did you mean ETCDCTL_ENDPOINTS?\nWarning: the environment variable ETCDCTL_ is unknown\n"
	if err != nil || stderr != want {
		t.Errorf("Prepare = %v with %q on stderr, want %q", err, stderr, want)
	}
	for _, quiet := range [][]string{append(environ, "ECTL_QUIET=1"), environ} {
		if _, stderr, err := prepared(t, quiet, "--quiet"); err != nil || stderr != "" {
			t.Errorf("--quiet: Prepare = %v with %q on stderr, want nothing", err, stderr)
		}
	}
	if _, stderr, err := prepared(t, append(environ, "ECTL_QUIET=1")); err != nil || stderr != "" {
		t.Errorf("ECTL_QUIET=1: Prepare = %v with %q on stderr, want nothing", err, stderr)
	}
}

func TestAValueThatDoesNotFitLeavesTheOptionAsItWas(t *testing.T) {
	f, stderr, err := prepared(t, []string{"ETCDCTL_COMMAND_TIMEOUT=topsecret", "ETCDCTL_HEX=topsecret", "ETCDCTL_MAX_RECV_BYTES=topsecret", "ETCDCTL_INSECURE_TRANSPORT=topsecret"})
	if err != nil || f.Connection.CommandTimeout != 5*time.Second || f.Hex || f.Connection.MaxRecvBytes != 0 || !f.Connection.InsecureTransport {
		t.Errorf("Prepare = %v, and the options are %+v, hex %t; want the defaults", err, f.Connection, f.Hex)
	}
	for _, name := range []string{"ETCDCTL_COMMAND_TIMEOUT", "ETCDCTL_HEX", "ETCDCTL_MAX_RECV_BYTES", "ETCDCTL_INSECURE_TRANSPORT"} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(stderr, name+" is ignored") {
				t.Errorf("stderr says nothing of %s: %q", name, stderr)
			}
		})
	}
	if strings.Contains(stderr, "topsecret") {
		t.Errorf("stderr shows a value: %q", stderr)
	}
}

func TestEveryGlobalOptionHasAVariableOfItsOwn(t *testing.T) {
	f, _, err := prepared(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	f.Globals().VisitAll(func(flag *pflag.Flag) {
		variable := Variable(flag.Name)
		if other, twice := seen[variable]; twice {
			t.Errorf("%s sets --%s and --%s", variable, flag.Name, other)
		}
		seen[variable] = flag.Name
		if !flag.Hidden {
			t.Errorf("--%s is shown in every help text", flag.Name)
		}
	})
	for variable, flag := range map[string]string{"ETCDCTL_INSECURE_SKIP_TLS_VERIFY": "insecure-skip-tls-verify", "ETCDCTL_AUTH_JWT_TOKEN": "auth-jwt-token", "ECTL_QUIET": "quiet", "ECTL_AUTH_JWT_TOKEN_FILE": "auth-jwt-token-file"} {
		t.Run(variable, func(t *testing.T) {
			if seen[variable] != flag {
				t.Errorf("%s sets --%s, want --%s", variable, seen[variable], flag)
			}
		})
	}
}

func TestEmptyFileNamesAreRefused(t *testing.T) {
	for _, flag := range []string{"cert", "key", "cacert"} {
		t.Run(flag, func(t *testing.T) {
			if _, _, err := prepared(t, nil, "--"+flag+"="); exit.CodeOf(err) != exit.BadArgs || !strings.Contains(err.Error(), "--"+flag) {
				t.Errorf("--%s= is %v, want status %d", flag, err, exit.BadArgs)
			}
			// An empty variable is as good as none.
			if _, _, err := prepared(t, []string{"ETCDCTL_" + strings.ToUpper(flag) + "="}); err != nil {
				t.Errorf("an empty variable for --%s is %v", flag, err)
			}
		})
	}
}

func TestATimeoutInWhichNoServerCanAnswerIsRefused(t *testing.T) {
	for _, value := range []string{"0", "0s", "-1s"} {
		_, _, flag := prepared(t, nil, "--command-timeout="+value)
		_, _, variable := prepared(t, []string{"ETCDCTL_COMMAND_TIMEOUT=" + value})
		for _, err := range []error{flag, variable} {
			if exit.CodeOf(err) != exit.Error || err == nil || !strings.Contains(err.Error(), "must be positive") {
				t.Errorf("a timeout of %s: %v, want status 1", value, err)
			}
		}
	}
	// These switch something off, as in etcdctl.
	for _, flag := range []string{"dial-timeout=-1s", "keepalive-time=-1s", "keepalive-timeout=-1s", "max-recv-bytes=-1", "max-request-bytes=-1"} {
		name, _, _ := strings.Cut(flag, "=")
		if _, stderr, err := prepared(t, nil, "--"+flag); err != nil || !strings.HasPrefix(stderr, "Warning: --"+name+" is negative: ") {
			t.Errorf("--%s: %v, %q; want a warning", flag, err, stderr)
		}
	}
}

func TestAnUnknownFormatIsRefusedBeforeTheCommandRuns(t *testing.T) {
	f := NewFactory("ectl", &iostreams.Streams{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &bytes.Buffer{}})
	cmd := &cobra.Command{Use: "ectl", SilenceErrors: true, SilenceUsage: true}
	f.BindGlobals(cmd.PersistentFlags())
	ran := false
	cmd.RunE = Run(f, NoOptions{}, func(context.Context, *Factory, NoOptions) error { ran = true; return nil })
	cmd.SetArgs([]string{"-w", "xml"})
	if err := cmd.Execute(); exit.CodeOf(err) != exit.BadFeature || ran {
		t.Errorf("-w xml = %v, and the command ran: %t; want status %d before it", err, ran, exit.BadFeature)
	}
}

func TestDebugSaysThatSecretsAreSetAndNotWhatTheyAre(t *testing.T) {
	_, stderr, err := prepared(t, []string{"ETCDCTL_PASSWORD=topsecret"}, "--debug", "--user=root:topsecret", "--auth-jwt-token=topsecret")
	if err != nil || strings.Contains(stderr, "topsecret") {
		t.Errorf("--debug = %v, and shows a secret:\n%s", err, stderr)
	}
	for _, line := range []string{"ETCDCTL_PASSWORD=(set) (from ETCDCTL_PASSWORD)\n", "ETCDCTL_USER=(set) (from --user)\n", "ETCDCTL_AUTH_JWT_TOKEN=(set) (from --auth-jwt-token)\n", "ETCDCTL_ENDPOINTS=[127.0.0.1:2379]\n", "ECTL_PASSWORD_FILE=\n"} {
		t.Run(line, func(t *testing.T) {
			if !strings.Contains(stderr, line) {
				t.Errorf("--debug says nothing of %q:\n%s", line, stderr)
			}
		})
	}
}

func TestArgsCountsArguments(t *testing.T) {
	cmd := &cobra.Command{Use: "get KEY"}
	for _, test := range []struct {
		low, high, n int
		ok           bool
	}{
		{0, 0, 0, true}, {0, 0, 1, false}, {1, 1, 0, false}, {1, 1, 1, true}, {1, 1, 2, false},
		{1, 2, 2, true}, {1, 2, 3, false}, {2, Unlimited, 1, false}, {2, Unlimited, 100, true},
	} {
		err := Args(test.low, test.high, "a key")(cmd, make([]string, test.n))
		if (err == nil) != test.ok || err != nil && exit.CodeOf(err) != exit.BadArgs {
			t.Errorf("%d arguments where %d to %d are wanted: %v, want ok %t", test.n, test.low, test.high, err, test.ok)
		}
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestCloseReturnsTheErrorOfTheWriting(t *testing.T) {
	f := NewFactory("ectl", &iostreams.Streams{In: strings.NewReader(""), Out: brokenPipe{}, Err: &bytes.Buffer{}})
	if err := f.Close(); err != nil {
		t.Errorf("Close of a Factory that was never used = %v", err)
	}
	f.BindGlobals(pflag.NewFlagSet("ectl", pflag.ContinueOnError))
	if err := f.Prepare(); err != nil {
		t.Fatal(err)
	}
	if err := f.Printer().Range(output.RangeOptions{CountOnly: true}).End(false, 7); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err == nil || err.Error() != "write the output: broken pipe" {
		t.Errorf("Close = %v, want that the output could not be written", err)
	}
}

package etcd

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/internal/prompt"
)

// destinationOptions are those of a command line.
func destinationOptions(t *testing.T, args ...string) *Options {
	t.Helper()
	source, identity := &Options{}, &Options{}
	fs := pflag.NewFlagSet("ectl", pflag.ContinueOnError)
	source.AddFlags(fs)
	identity.AddDestinationFlags(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return source.DestinationOf([]string{"dest:2379"}, identity)
}

func TestADestinationIsItsOwnCluster(t *testing.T) {
	o := destinationOptions(t, "--endpoints=source:2379", "--user=root:pw", "--cert=c", "--cacert=a", "--insecure-skip-tls-verify", "--dial-timeout=7s",
		"--command-timeout=8s", "--keepalive-time=9s", "--max-request-bytes=10", "--dest-user=bob", "--dest-cacert=b", "--dest-insecure-transport=false")
	if !slices.Equal(o.Endpoints, []string{"dest:2379"}) || o.User != "bob" || o.Cert != "" || o.CACert != "b" || o.InsecureSkipTLSVerify || o.InsecureTransport {
		t.Errorf("the destination has %+v", o)
	}
	if o.DialTimeout != 7*time.Second || o.CommandTimeout != 8*time.Second || o.KeepAliveTime != 9*time.Second || o.MaxRequestBytes != 10 {
		t.Errorf("the destination has not the source's timeouts and sizes: %+v", o)
	}
}

// An error names the option that caused it.
func TestErrorsOfADestinationNameItsOptions(t *testing.T) {
	folder := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	old, other := newPair(t, "old", time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)), newPair(t, "other", time.Now(), time.Now())
	cert, key, wrongKey, empty := write("cert", old.cert), write("key", old.key), write("wrong", other.key), write("empty", nil)
	for _, test := range []struct {
		args  []string
		names string
	}{
		{[]string{"--dest-cert=c"}, "--dest-cert c needs its private key: give --dest-key"},
		{[]string{"--dest-key=k"}, "--dest-key k needs its certificate: give --dest-cert"},
		{[]string{"--dest-cert=nothing", "--dest-key=k"}, "--dest-cert: open nothing"},
		{[]string{"--dest-cert=" + cert, "--dest-key=nothing"}, "--dest-key: open nothing"},
		{[]string{"--dest-cert=" + cert, "--dest-key=" + empty}, "--dest-key " + empty + ": no PEM private key in it"},
		{[]string{"--dest-cert=" + cert, "--dest-key=" + wrongKey}, "--dest-cert " + cert + " and --dest-key " + wrongKey + " are not a pair"},
		{[]string{"--dest-cert=" + cert, "--dest-key=" + key}, "--dest-cert " + cert + ": the certificate of \"old\" expired"},
		{[]string{"--dest-cacert=nothing"}, "--dest-cacert: open nothing"},
		{[]string{"--dest-cacert=" + empty}, "--dest-cacert " + empty + ": "},
		{[]string{"--dest-cacert=" + cert}, "--dest-cacert " + cert + ": the certificate of "},
		{[]string{"--dest-password=x", "--dest-password-file=y", "--dest-user=z"}, "--dest-password and --dest-password-file both"},
		{[]string{"--dest-password-file=nothing", "--dest-user=z"}, "--dest-password-file: open nothing"},
		{[]string{"--dest-user=:x"}, "nothing precedes the colon of --dest-user"},
		{[]string{"--dest-user=x:"}, "nothing follows the colon of --dest-user"},
	} {
		_, err := dialDestination(destinationOptions(t, test.args...), nil)
		if exit.CodeOf(err) != exit.BadArgs || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%v: %v, want %q", test.args, err, test.names)
		}
	}
	for _, test := range []struct {
		endpoints []string
		says      string
	}{
		{[]string{"http://a:1", "https://b:2"}, "no login is sent to such a mixture of the destination; "},
		{[]string{"http://u:p@a:1"}, "the destination has a URL with user info, a query or a fragment: give a login with --dest-user"},
	} {
		o := destinationOptions(t, "--dest-user=u:p")
		o.Endpoints = test.endpoints
		if _, err := dialDestination(o, nil); exit.CodeOf(err) != exit.BadArgs || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%v: %v, want %q", test.endpoints, err, test.says)
		}
	}
}

// dialDestination makes what dials o, and calls warn with its warnings.
func dialDestination(o *Options, warn func(string)) (*Dialer, error) {
	if warn == nil {
		warn = func(string) {}
	}
	p := prompt.New(&iostreams.Streams{In: strings.NewReader(""), Err: io.Discard})
	return NewDialer(context.Background(), o, p, warn)
}

func TestWarningsOfADestinationNameItsOptions(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--dest-password=x"}, "the password is ignored: give its user with --dest-user"},
		{[]string{"--dest-cert="}, "--dest-cert has no value, and is ignored"},
		{[]string{"--dest-user="}, "--dest-user has no value: there is no login"},
	} {
		source, identity, fs := &Options{}, &Options{}, pflag.NewFlagSet("ectl", pflag.ContinueOnError)
		source.AddFlags(fs)
		identity.AddDestinationFlags(fs)
		if err := fs.Parse(test.args); err != nil {
			t.Fatal(err)
		}
		identity.Valueless(fs, func(string) string { return "" })
		var warnings []string
		_, err := dialDestination(source.DestinationOf([]string{"dest:2379"}, identity), func(w string) { warnings = append(warnings, w) })
		if err != nil || !slices.Contains(warnings, test.want) {
			t.Errorf("%v: %v, warnings %q, want %q", test.args, err, warnings, test.want)
		}
	}
}

func TestAPasswordOfADestinationIsAskedForAsSuch(t *testing.T) {
	var stderr bytes.Buffer
	p := prompt.New(&iostreams.Streams{In: strings.NewReader("secret\n"), Err: &stderr})
	auth, err := destinationOptions(t, "--dest-user=bob").identity(t.Context(), p, func(string) {})
	if err != nil || auth.Username != "bob" || auth.Password != "secret" || stderr.String() != "Destination Password: \n" {
		t.Errorf("%+v, %v, asked %q", auth, err, stderr.String())
	}
}

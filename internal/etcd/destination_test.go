package etcd

import (
	"bytes"
	"context"
	"errors"
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

// Whoever reads an error has to find the option that it is about.
func TestErrorsOfADestinationNameItsOptions(t *testing.T) {
	for _, test := range []struct {
		args  []string
		names string
	}{
		{[]string{"--dest-cert=c"}, "--dest-cert c needs its private key: give --dest-key"},
		{[]string{"--dest-cacert=nothing"}, "--dest-cacert: open nothing"},
		{[]string{"--dest-password=x", "--dest-password-file=y", "--dest-user=z"}, "--dest-password and --dest-password-file both"},
		{[]string{"--dest-password-file=nothing", "--dest-user=z"}, "--dest-password-file: open nothing"},
	} {
		var stderr bytes.Buffer
		p := prompt.New(&iostreams.Streams{In: strings.NewReader(""), Err: &stderr})
		_, err := NewDialer(context.Background(), destinationOptions(t, test.args...), p, func(string) {})
		if exit.CodeOf(err) != exit.BadArgs || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%v: %v, want %q", test.args, err, test.names)
		}
	}
	o := destinationOptions(t)
	inner := errors.New("x: give it with --cacert, or --cert and --key; is --endpoints right? say who you are with --user, --auth-jwt-token or a client certificate")
	want := "x: give it with --dest-cacert, or --dest-cert and --dest-key; is the destination right? say who you are with --dest-user or a client certificate"
	if got := o.named(inner); got.Error() != want || !errors.Is(got, inner) {
		t.Errorf("%q, want %q", got, want)
	}
	if source := (&Options{}); source.named(inner).Error() != inner.Error() || o.named(nil) != nil {
		t.Error("the errors of others are changed")
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

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/ectl-io/ectl/commands"
	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/internal/iostreams"
)

// nameServer is a DNS server on loopback that knows the given records, each
// in the form of a zone file's line, and nothing else.
func nameServer(t *testing.T, records ...string) (address string) {
	t.Helper()
	return nameServerThat(t, func(dns.Question) bool { return true }, records...)
}

// nameServerThat answers only some questions, and is silent about the others.
func nameServerThat(t *testing.T, answers func(dns.Question) bool, records ...string) (address string) {
	t.Helper()
	known := map[dns.Question][]dns.RR{}
	names := map[string]bool{}
	for _, record := range records {
		rr, err := dns.NewRR(record)
		if err != nil {
			t.Fatal(err)
		}
		question := dns.Question{Name: rr.Header().Name, Qtype: rr.Header().Rrtype, Qclass: dns.ClassINET}
		known[question] = append(known[question], rr)
		names[question.Name] = true
	}
	socket := nameSocket(t)
	started := make(chan struct{})
	server := &dns.Server{
		PacketConn:        socket,
		NotifyStartedFunc: func() { close(started) },
		Handler: dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) {
			answer := new(dns.Msg)
			answer.SetReply(query)
			question := query.Question[0]
			if !answers(question) {
				return
			}
			question.Name = strings.ToLower(question.Name)
			answer.Answer = known[question]
			if !names[question.Name] {
				answer.Rcode = dns.RcodeNameError
			}
			_ = w.WriteMsg(answer)
		}),
	}
	go func() { _ = server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() { _ = server.Shutdown() })
	return socket.LocalAddr().String()
}

// nameSocket is where a name server listens. One that reads nothing from it
// swallows every packet.
func nameSocket(t *testing.T) net.PacketConn {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	return socket
}

// resolveBy makes this process ask the given name server for everything, for
// as long as the test runs. The name server of another process cannot be set
// without being root, which is why these tests run the commands in this one.
func resolveBy(t *testing.T, address string) {
	t.Helper()
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, network, address)
		},
	}
	t.Cleanup(func() { net.DefaultResolver = before })
}

// runHere runs a command line in this process.
func runHere(t *testing.T, env []string, args ...string) harness.Result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := commands.Run(t.Context(), "ectl", &iostreams.Streams{
		In:      strings.NewReader(""),
		Out:     &stdout,
		Err:     &stderr,
		Environ: env,
	}, nil, args)
	return harness.Result{Stdout: stdout.String(), Stderr: stderr.String(), Status: strconv.Itoa(int(code))}
}

func portOf(t *testing.T, endpoint string) string {
	t.Helper()
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

func TestEndpointsAreDiscoveredByDNS(t *testing.T) {
	dir := t.TempDir()
	f := harness.NewCertificates(t, dir)
	start := func(name string, options etcdserver.Options) *etcdserver.Server {
		t.Helper()
		server := harness.StartServer(t, options)
		client, err := server.Client("", "")
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if _, err := client.Put(t.Context(), "server", name); err != nil {
			t.Fatal(err)
		}
		return server
	}
	certificate := func(file string, hosts ...string) etcdserver.Options {
		t.Helper()
		pair, err := f.CA.ServerFor(file, hosts...)
		if err != nil {
			t.Fatal(err)
		}
		return etcdserver.Options{TLS: f.CA, ServerCert: pair}
	}
	plain := start("plain", etcdserver.Options{})
	production := start("production", etcdserver.Options{})
	ofHost := start("of the host", certificate(filepath.Join(dir, "of-host"), "etcd1.tls.test"))
	ofDomain := start("of the domain", certificate(filepath.Join(dir, "of-domain"), "tls.test"))
	_, deadPort, _ := net.SplitHostPort(harness.RefusingEndpoint(t))

	srv := func(service, domain, host, port string) string {
		return fmt.Sprintf("_%s._tcp.%s. 60 IN SRV 0 0 %s %s.%s.", service, domain, port, host, domain)
	}
	address := func(name string) string { return name + ". 60 IN A 127.0.0.1" }
	resolveBy(t, nameServer(t,
		address("etcd1.plain.test"), address("etcd2.plain.test"), address("etcd1.tls.test"),
		srv("etcd-client", "plain.test", "etcd1", portOf(t, plain.Endpoint())),
		srv("etcd-client-prod", "plain.test", "etcd1", portOf(t, production.Endpoint())),
		srv("etcd-client-spare", "plain.test", "etcd1", deadPort),
		srv("etcd-client-spare", "plain.test", "etcd2", portOf(t, plain.Endpoint())),
		srv("etcd-client-ssl", "tls.test", "etcd1", portOf(t, ofHost.Endpoint())),
		srv("etcd-client-ssl-prod", "tls.test", "etcd1", portOf(t, ofHost.Endpoint())),
		srv("etcd-client-ssl-domain", "tls.test", "etcd1", portOf(t, ofDomain.Endpoint())),
		srv("etcd-client-ssl-both", "tls.test", "etcd1", portOf(t, ofHost.Endpoint())),
		srv("etcd-client-both", "tls.test", "etcd1", deadPort),
	))
	ca := f.CA.CertFile()
	for _, test := range []struct {
		name   string
		env    []string
		args   string
		stdout string
		stderr []string // parts of it, "" alone: nothing
		status string
	}{
		{name: "a domain", args: "-d plain.test", stdout: "plain"},
		{name: "the long flag", args: "--discovery-srv plain.test", stdout: "plain"},
		{name: "the variable", env: []string{"ETCDCTL_DISCOVERY_SRV=plain.test"}, stdout: "plain"},
		{name: "a service name", args: "--discovery-srv plain.test --discovery-srv-name prod", stdout: "production"},
		{
			name: "both variables", env: []string{"ETCDCTL_DISCOVERY_SRV=plain.test", "ETCDCTL_DISCOVERY_SRV_NAME=prod"},
			stdout: "production",
		},
		{name: "one of two is down", args: "--discovery-srv plain.test --discovery-srv-name spare", stdout: "plain"},
		{
			name: "discovery goes before endpoints", args: "--discovery-srv plain.test --endpoints " + production.Endpoint(),
			stdout: "plain",
		},
		{name: "TLS", args: "--discovery-srv tls.test --cacert " + ca, stdout: "of the host"},
		{name: "TLS and a service name", args: "--discovery-srv tls.test --discovery-srv-name prod --cacert " + ca, stdout: "of the host"},
		{
			name: "TLS is verified", args: "--discovery-srv tls.test --command-timeout 30s", status: "1",
			stderr: []string{"Error: ", "unknown authority"},
		},
		{
			name: "only TLS", args: "--discovery-srv tls.test --discovery-srv-name both --insecure-discovery=false --cacert " + ca,
			stdout: "of the host",
			stderr: []string{"Warning: ignoring the discovered endpoint http://etcd1.tls.test.:" + deadPort},
		},
		{
			// etcdctl has the domain expected as the server's name, but gRPC
			// verifies that of the host nevertheless.
			name: "only TLS, certificate of the domain", status: "1",
			args:   "--discovery-srv tls.test --discovery-srv-name domain --insecure-discovery=false --command-timeout 30s --cacert " + ca,
			stderr: []string{"Error: ", "certificate is valid for tls.test, not etcd1.tls.test."},
		},
		{
			name: "only TLS, where nothing has it", args: "--discovery-srv plain.test --insecure-discovery=false --endpoints " + production.Endpoint(),
			stdout: "production", // as etcdctl
			stderr: []string{"Warning: ignoring the discovered endpoint http://etcd1.plain.test.:" + portOf(t, plain.Endpoint())},
		},
		{
			name: "no records", args: "--discovery-srv nothing.test --endpoints " + plain.Endpoint(), status: "1",
			stderr: []string{"Error: ", "nothing.test", "no such host"},
		},
		{
			name: "no such service", args: "--discovery-srv plain.test --discovery-srv-name nothing", status: "1",
			stderr: []string{"Error: ", "etcd-client-nothing"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := append(strings.Fields(test.args), "get", "server", "--print-value-only")
			r := runHere(t, harness.Env(dir, test.env...), args...)
			want := harness.Result{Stdout: test.stdout, Status: test.status}
			if want.Stdout != "" {
				want.Stdout += "\n"
			}
			if want.Status == "" {
				want.Status = "0"
			}
			if r.Stdout != want.Stdout || r.Status != want.Status {
				t.Errorf("%s: stdout %q, status %s, want %q and %s; stderr %q", args, r.Stdout, r.Status, want.Stdout, want.Status, r.Stderr)
			}
			for _, part := range test.stderr {
				if !strings.Contains(r.Stderr, part) {
					t.Errorf("%s: stderr %q does not have %q", args, r.Stderr, part)
				}
			}
			if test.stderr == nil && r.Stderr != "" {
				t.Errorf("%s: stderr %q, want none", args, r.Stderr)
			}
		})
	}
	t.Run("commands that ask each endpoint by itself", func(t *testing.T) {
		r := runHere(t, harness.Env(dir), "--discovery-srv", "plain.test", "endpoint", "health")
		if want := "http://etcd1.plain.test.:" + portOf(t, plain.Endpoint()) + " is healthy"; !strings.HasPrefix(r.Stdout, want) || r.Status != "0" {
			t.Errorf("endpoint health: status %s, stdout %q, stderr %q, want %q", r.Status, r.Stdout, r.Stderr, want)
		}
	})
}

// The name server swallows packets: all of them, or those that ask for the address
// of a host that it has named.
func TestTimeoutsHoldWhenANameServerDoesNotAnswer(t *testing.T) {
	dir := t.TempDir()
	const deadline = "Error: context deadline exceeded: "
	check := func(t *testing.T, args, begins, says, status string) {
		t.Helper()
		r := runHere(t, harness.Env(dir), strings.Fields(args)...)
		if !strings.HasPrefix(r.Stderr, begins) || !strings.Contains(r.Stderr, says) || r.Status != status || r.Stdout != "" {
			t.Errorf("%s: %+v, want %q, then %q, and the status %s", args, r, begins, says, status)
		}
	}
	const timeouts = "--quiet --dial-timeout 200ms --command-timeout 200ms --discovery-srv plain.test "
	t.Run("records", func(t *testing.T) {
		resolveBy(t, nameSocket(t).LocalAddr().String())
		for _, command := range []string{"get k", "watch k", "snapshot save " + dir + "/new.db", "endpoint health", "user list", "--user root:x get k"} {
			status := "1"
			if strings.HasPrefix(command, "snapshot") {
				status = "5"
			}
			check(t, timeouts+command, deadline+"the name server ", "did not answer within 400ms (--dial-timeout and --command-timeout together): the endpoints of --discovery-srv plain.test are unknown", status)
		}
	})
	t.Run("addresses", func(t *testing.T) {
		resolveBy(t, nameServerThat(t, func(q dns.Question) bool { return q.Qtype == dns.TypeSRV },
			"_etcd-client._tcp.plain.test. 60 IN SRV 0 0 2379 etcd1.plain.test."))
		const blames = "etcd1.plain.test.:2379: the name server does not answer, so that the address of the host is unknown"
		check(t, timeouts+"get k", deadline+"http://"+blames, "", "1")
		check(t, timeouts+"--user root:x get k", deadline+"http://"+blames, "", "2")
		check(t, "--command-timeout 200ms --endpoints etcd1.plain.test.:2379 get k", deadline+blames, "", "1")
	})
}

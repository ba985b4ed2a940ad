package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/ectl-io/ectl/e2e/harness"
)

// hostileText is what the servers of these tests say.
const hostileText = "no\nError: etcdserver: forged\r\x1b[2J\u009b31m\u202e\u200b\x07"

// sayHostileText fails every request with hostileText, and ends watches with it.
func sayHostileText(_ context.Context, rpc *harness.RPC) error {
	if rpc.Method != "Watch" {
		return status.Error(codes.FailedPrecondition, hostileText)
	}
	if _, err := rpc.Receive(); err != nil {
		return err
	}
	header := &pb.ResponseHeader{Revision: 1}
	for _, response := range []*pb.WatchResponse{{Header: header, Created: true}, {Header: header, Canceled: true, CancelReason: hostileText}} {
		message, err := proto.Marshal(response)
		if err != nil {
			return err
		}
		if err := rpc.Send(message); err != nil {
			return err
		}
	}
	return nil
}

// No etcd server sends such texts, but what answers at its address may.
func TestTextsOfAServerDoNotReachATerminal(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := harness.NewRPCServer(t)
	server.Handle = sayHostileText
	server.Serve(listener)
	home := t.TempDir()
	env := harness.Env(home, "ETCDCTL_ENDPOINTS="+listener.Addr().String(), "ETCDCTL_COMMAND_TIMEOUT=5s")
	for _, line := range []string{
		"get k", "put k v", "watch k", "user list", "user delete bob", "user offboard bob", "role list", "auth status", "auth enable",
		"member list", "endpoint health", "endpoint status", "endpoint hashkv", "alarm list", "defrag", "move-leader 1", "compaction 1",
		"lease list", "lease grant 10", "lease keep-alive 1 --once", "lock l true", "elect e v -- true", "elect --listen e",
		"snapshot save s.db", "check perf --load s", "check datascale --load s", "make-mirror 127.0.0.1:1", "rbac lint", "rbac export", "whoami", "ls", "du",
		"get k --debug", "get k --user root:pw", "endpoint health --cluster",
	} {
		shown, stderr := harness.RunAtTerminal(t, home, env, words(line))
		checkVisible(t, line, shown, stderr)
		// A stream may break before its error is read, and the others ask more first.
		silent := []string{"whoami", "make-mirror 127.0.0.1:1", "lease keep-alive 1 --once"}
		if !strings.Contains(shown+stderr, "forged") && !slices.Contains(silent, line) {
			t.Errorf("%s does not show what the server says: %q %q", line, shown, stderr)
		}
	}
}

// Anyone can put any names in a certificate, trusted or not.
func TestNamesInCertificatesDoNotReachATerminal(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issue := func(name string, authority bool, notAfter time.Time) (der []byte, file string) {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: notAfter, IsCA: authority, BasicConstraintsValid: true,
			Subject:  pkix.Name{CommonName: hostileText, Organization: []string{hostileText}},
			DNSNames: []string{"evil\nError: etcdserver: forged\x1b[2J"},
			KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		file = filepath.Join(home, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return der, file
	}
	der, trusted := issue("trusted.crt", true, time.Now().Add(time.Hour))
	_, expired := issue("expired.crt", true, time.Now().Add(-time.Minute))
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(home, "key")
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	harness.NewRPCServer(t).Serve(listener)
	env := harness.Env(home, "ETCDCTL_ENDPOINTS=https://"+listener.Addr().String(), "ETCDCTL_COMMAND_TIMEOUT=5s")
	for _, options := range []string{
		"", " --cacert " + trusted, " --debug", " --cacert " + expired,
		" --cert " + expired + " --key " + keyFile, " --cert " + trusted + " --key " + keyFile,
	} {
		for _, command := range []string{"get k", "endpoint health", "endpoint status", "watch k", "whoami", "snapshot save s.db", "make-mirror 127.0.0.1:1"} {
			shown, stderr := harness.RunAtTerminal(t, home, env, words(command+options))
			checkVisible(t, command+options, shown, stderr)
		}
	}
	line := "user get-cert bob --ca-cert " + trusted + " --ca-key " + keyFile + " --out-file bob.crt --out-key-file bob.key"
	shown, stderr := harness.RunAtTerminal(t, home, env, words(line))
	checkVisible(t, line, shown, stderr)
}

func checkVisible(t *testing.T, line, shown, stderr string) {
	t.Helper()
	for _, text := range []string{shown, stderr} {
		if bad := unseen(text); bad != "" {
			t.Errorf("%s shows %q", line, bad)
		}
		if strings.Contains("\n"+text, "\nError: etcdserver: forged") {
			t.Errorf("%s lets others forge a line: %q", line, text)
		}
	}
}

package etcdserver_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

func start(t *testing.T, options etcdserver.Options) *etcdserver.Server {
	t.Helper()
	options.Dir = t.TempDir()
	s, err := etcdserver.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func TestEveryVersionServesAndAuthenticates(t *testing.T) {
	versions := etcdserver.Versions()
	if len(versions) < 3 {
		t.Fatalf("the cache holds only %v", versions)
	}
	for _, version := range versions {
		for _, kind := range []string{"simple", "jwt"} {
			t.Run(version+"/"+kind, func(t *testing.T) {
				options := etcdserver.Options{Version: version, RootPassword: "rootpw"}
				if kind == "jwt" {
					signer, err := testpki.NewTokenSigner(t.TempDir(), "jwt")
					if err != nil {
						t.Fatal(err)
					}
					options.Tokens = signer
				}
				s := start(t, options)
				client, err := s.Client("root", "rootpw")
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				defer cancel()
				if _, err := client.Put(ctx, "k", "v"); err != nil {
					t.Fatalf("root cannot write: %v", err)
				}
				if _, err := anonymous(t, s).Get(ctx, "k"); err == nil {
					t.Fatal("a client without a login can read")
				}
				status, err := client.Status(ctx, s.Endpoints()[0])
				if err != nil {
					t.Fatal(err)
				}
				if status.Version != version {
					t.Fatalf("server reports version %s, want %s", status.Version, version)
				}
			})
		}
	}
}

func anonymous(t *testing.T, s *etcdserver.Server) *clientv3.Client {
	t.Helper()
	client, err := s.Client("", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestServersOfEqualIdentityHaveEqualIDs(t *testing.T) {
	ids := make([]string, 2)
	for i := range ids {
		s := start(t, etcdserver.Options{EqualIdentity: true})
		resp, err := anonymous(t, s).Get(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = fmt.Sprintf("cluster %x member %x term %d", resp.Header.ClusterId, resp.Header.MemberId, resp.Header.RaftTerm)
	}
	if ids[0] != ids[1] {
		t.Fatalf("IDs differ: %s and %s", ids[0], ids[1])
	}
}

func TestClusterSurvivesAMemberAndTakesItBack(t *testing.T) {
	s := start(t, etcdserver.Options{Members: 3})
	client := anonymous(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	s.Members[2].Kill()
	for {
		// A request that was under way to a killed leader times out.
		_, err := client.Put(ctx, "k", "v")
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("two of three members do not serve: %v", err)
		}
	}
	if err := s.Members[2].Restart(ctx); err != nil {
		t.Fatal(err)
	}
	back, err := clientv3.New(clientv3.Config{Endpoints: s.Endpoints()[2:], DialTimeout: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	resp, err := back.Get(ctx, "k")
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.Kvs) != 1 {
		t.Fatalf("the member that came back has %d keys, want 1", len(resp.Kvs))
	}
}

func TestPausedMemberDoesNotAnswer(t *testing.T) {
	s := start(t, etcdserver.Options{})
	client := anonymous(t, s)
	if err := s.Members[0].Pause(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := client.Get(ctx, "k"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a paused server gave %v, want the deadline", err)
	}
	if err := s.Members[0].Continue(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if _, err := client.Get(ctx, "k"); err != nil {
		t.Fatalf("a continued server gave %v", err)
	}
}

func TestStopLeavesNothing(t *testing.T) {
	s, err := etcdserver.Start(t.Context(), etcdserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	pid, dir := s.Members[0].PID(), s.Dir()
	s.Stop()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Fatalf("process %d: %v, want it gone", pid, err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Fatalf("data directory: %v, want it gone", err)
	}
	s.Stop()
}

func TestFailedStartShowsTheServersLog(t *testing.T) {
	_, err := etcdserver.Start(t.Context(), etcdserver.Options{Dir: t.TempDir(), Flags: []string{"--no-such-flag"}})
	if err == nil {
		t.Fatal("etcd started with an unknown flag")
	}
	if want := "no-such-flag"; !strings.Contains(err.Error(), want) {
		t.Fatalf("error does not show the log: %v", err)
	}
}

func TestTLSServerTakesTheUserFromTheCertificate(t *testing.T) {
	ca, err := testpki.NewAuthority(t.TempDir(), "ca")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, etcdserver.Options{TLS: ca, ClientCertAuth: true, RootPassword: "rootpw"})
	if _, err := anonymous(t, s).Get(t.Context(), "k"); err == nil {
		t.Fatal("a certificate without a name may read")
	}
	client, err := s.Client("root", "rootpw")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Get(t.Context(), "k"); err != nil {
		t.Fatalf("root's password does not count next to a certificate: %v", err)
	}
}

// Package etcdserver starts real etcd servers on loopback and stops them again.
//
// The binaries come from a cache folder (see CacheDir) where each is called
// etcd-VERSION. A server is stopped by its process id, and on Linux the kernel
// ends it when the program that started it dies, so that no server outlives a
// test run that was killed.
//
// Nothing here needs a *testing.T: the demonstration program and the benchmarks
// start their servers the same way.
package etcdserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc/grpclog"

	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

// Latest is the server version that is started where none is asked for.
const Latest = "3.7.3"

// startAttempts bounds how often a server is started anew because another
// process took one of its ports between choosing and binding it.
const startAttempts = 5

// patience ends the wait for a server that will never be there. No machine is so
// slow, however busy it and its disk are.
const patience = 5 * time.Minute

// Options says what server to start. The zero value is one member of the
// latest version, without TLS and without authentication.
type Options struct {
	// Version is the etcd version, "3.7.3" say. Empty means Latest.
	Version string
	// CacheDir holds the binaries. Empty means CacheDir().
	CacheDir string
	// Dir receives data directories and logs. Empty means a temporary
	// directory that Stop removes.
	Dir string
	// Members is the size of the cluster. Zero means one.
	Members int

	// TLS is the authority that issues the server's certificate. Nil means
	// plain HTTP.
	TLS *testpki.Authority
	// ServerCert replaces the certificate that TLS would issue, for servers
	// that present a wrong one.
	ServerCert testpki.Pair
	// ClientCertAuth makes the server demand a client certificate of TLS and
	// take its common name for the user.
	ClientCertAuth bool

	// NamelessCerts makes a server with ClientCertAuth demand the certificate
	// and take no user from it.
	NamelessCerts bool

	// Tokens makes the server issue and accept JWTs of these keys. Nil means
	// etcd's simple tokens.
	Tokens *testpki.TokenSigner
	// TokenTTL is how long tokens live. Zero means five minutes, etcd's own
	// default.
	TokenTTL time.Duration

	// RootPassword, where it is not empty, makes Start create the user root
	// with this password and the role root, and enable authentication.
	RootPassword string

	// EqualIdentity gives every single-member server that is started with it
	// the same cluster ID and member ID, so that the answers of two of them
	// can be compared byte for byte.
	EqualIdentity bool

	// Flags are appended to the command line of every member.
	Flags []string
}

// CacheDir is where the binaries of servers and of the reference etcdctl are:
// the environment variable ECTL_CACHE, else the folder .cache at the root of
// the project, found upwards from the working directory.
func CacheDir() string {
	if dir := os.Getenv("ECTL_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		return ".cache"
	}
	for {
		if info, err := os.Stat(filepath.Join(dir, ".cache")); err == nil && info.IsDir() {
			return filepath.Join(dir, ".cache")
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ".cache"
		}
		dir = parent
	}
}

// Versions lists the server versions that the tests cover and that the cache
// holds, newest first. 3.4.23 is only there where it could be had.
func Versions() []string {
	var versions []string
	for _, v := range []string{"3.7.3", "3.6.16", "3.5.35", "3.4.23"} {
		if _, err := os.Stat(filepath.Join(CacheDir(), "etcd-"+v)); err == nil {
			versions = append(versions, v)
		}
	}
	return versions
}

// Server is a running etcd: one member or a cluster of several.
type Server struct {
	Members []*Member

	options   Options
	dir       string
	ownsDir   bool
	tlsConfig *tls.Config
}

// Start starts a server and returns when it answers, with authentication
// already on if that was asked for. When it fails, nothing keeps running and
// the error has the end of the server's log.
func Start(ctx context.Context, options Options) (*Server, error) {
	if options.Version == "" {
		options.Version = Latest
	}
	if options.CacheDir == "" {
		options.CacheDir = CacheDir()
	}
	if options.Members == 0 {
		options.Members = 1
	}
	if options.EqualIdentity && options.Members != 1 {
		return nil, errors.New("equal identity is for a single member: its members' peer URLs lead nowhere")
	}
	binary := filepath.Join(options.CacheDir, "etcd-"+options.Version)
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("no etcd %s in the cache: %w", options.Version, err)
	}

	s := &Server{options: options, dir: options.Dir}
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "etcd-"+options.Version+"-")
		if err != nil {
			return nil, err
		}
		s.dir, s.ownsDir = dir, true
	}
	if err := s.prepareTLS(); err != nil {
		s.Stop()
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		err := s.startMembers(ctx, binary)
		if err == nil {
			break
		}
		s.stopMembers()
		if attempt == startAttempts || !errors.Is(err, errPortTaken) {
			s.Stop()
			return nil, err
		}
	}
	if options.RootPassword != "" {
		if err := s.enableAuth(ctx); err != nil {
			s.Stop()
			return nil, fmt.Errorf("enable authentication: %w", err)
		}
	}
	return s, nil
}

// Endpoints is the client URL of every member, in order.
func (s *Server) Endpoints() []string {
	endpoints := make([]string, len(s.Members))
	for i, m := range s.Members {
		endpoints[i] = m.ClientURL
	}
	return endpoints
}

// Endpoint is Endpoints joined by commas, as --endpoints wants it.
func (s *Server) Endpoint() string {
	return strings.Join(s.Endpoints(), ",")
}

// Dir is where the data directories and logs of the members are.
func (s *Server) Dir() string { return s.dir }

// Client connects to the server, as user if that is not empty. A server that
// demands client certificates gets one without a common name.
func (s *Server) Client(user, password string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{
		Endpoints:   s.Endpoints(),
		DialTimeout: time.Minute,
		TLS:         s.tlsConfig,
		Username:    user,
		Password:    password,
		Logger:      zap.NewNop(),
	})
}

// AuthRevision is the revision of users and roles, which a token has to carry
// to be accepted. user and password may be empty while authentication is off.
func (s *Server) AuthRevision(ctx context.Context, user, password string) (uint64, error) {
	client, err := s.Client(user, password)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	status, err := client.AuthStatus(ctx)
	if err != nil {
		return 0, err
	}
	return status.AuthRevision, nil
}

// Spare returns a member that the cluster does not have yet. It is not started:
// see Member.Join. Stop ends it, too.
func (s *Server) Spare(name string) (*Member, error) {
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	m := &Member{
		Name:      name,
		ClientURL: fmt.Sprintf("http://127.0.0.1:%d", ports[0]),
		PeerURL:   fmt.Sprintf("http://127.0.0.1:%d", ports[1]),
		binary:    s.Members[0].binary,
		dir:       s.dir,
	}
	m.args = []string{
		"--data-dir", m.dataDir(),
		"--listen-client-urls", m.ClientURL,
		"--advertise-client-urls", m.ClientURL,
		"--listen-peer-urls", m.PeerURL,
		"--log-outputs", "stderr",
		"--unsafe-no-fsync",
		"--initial-cluster-token", "ectl-test",
	}
	if strings.HasPrefix(s.options.Version, "3.4.") {
		m.args = append(m.args, "--logger", "zap")
	}
	s.Members = append(s.Members, m)
	return m, nil
}

// Stop ends every member at once and removes the data if it is in a temporary
// directory of the server's own. It may be called more than once.
func (s *Server) Stop() {
	s.stopMembers()
	if s.ownsDir {
		os.RemoveAll(s.dir)
	}
}

func (s *Server) stopMembers() {
	for _, m := range s.Members {
		m.Kill()
	}
}

func (s *Server) prepareTLS() error {
	if s.options.TLS == nil {
		if s.options.ClientCertAuth {
			return errors.New("client certificates need TLS")
		}
		return nil
	}
	if s.options.ServerCert == (testpki.Pair{}) {
		pair, err := s.options.TLS.Server(filepath.Join(s.dir, "server"))
		if err != nil {
			return err
		}
		s.options.ServerCert = pair
	}
	ca, err := os.ReadFile(s.options.TLS.CertFile())
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	s.tlsConfig = &tls.Config{
		MinVersion: tls.VersionTLS12,
		RootCAs:    roots,
		// A server that presents a wrong certificate on purpose has to be
		// set up all the same.
		InsecureSkipVerify: true,
	}
	if s.options.ClientCertAuth {
		pair, err := s.options.TLS.Client(filepath.Join(s.dir, "setup"), "")
		if err != nil {
			return err
		}
		cert, err := tls.LoadX509KeyPair(pair.CertFile, pair.KeyFile)
		if err != nil {
			return err
		}
		s.tlsConfig.Certificates = []tls.Certificate{cert}
	}
	return nil
}

func (s *Server) startMembers(ctx context.Context, binary string) error {
	n := s.options.Members
	ports, err := freePorts(2 * n)
	if err != nil {
		return err
	}
	s.Members = nil
	var cluster []string
	for i := range n {
		m := &Member{
			Name:      fmt.Sprintf("m%d", i+1),
			ClientURL: fmt.Sprintf("%s://127.0.0.1:%d", s.clientScheme(), ports[2*i]),
			PeerURL:   fmt.Sprintf("http://127.0.0.1:%d", ports[2*i+1]),
			binary:    binary,
			dir:       s.dir,
		}
		advertised := m.PeerURL
		if s.options.EqualIdentity {
			// A member's ID is made of its advertised peer URLs and the
			// cluster token. A lone member never dials that URL.
			m.Name, advertised = "default", "http://127.0.0.1:2380"
		}
		m.advertisedPeerURL = advertised
		m.advertisedClientURL = m.ClientURL
		if s.options.EqualIdentity {
			// Part of what a list of members says, and nothing else.
			m.advertisedClientURL = s.clientScheme() + "://127.0.0.1:2379"
		}
		cluster = append(cluster, m.Name+"="+advertised)
		s.Members = append(s.Members, m)
	}
	for _, m := range s.Members {
		m.args = s.memberArgs(m, strings.Join(cluster, ","))
		if err := os.RemoveAll(m.dataDir()); err != nil {
			return err
		}
		if err := m.start(); err != nil {
			return err
		}
	}
	for _, m := range s.Members {
		if err := m.waitListening(ctx); err != nil {
			return err
		}
	}
	return s.waitServing(ctx)
}

func (s *Server) clientScheme() string {
	if s.options.TLS != nil {
		return "https"
	}
	return "http"
}

func (s *Server) memberArgs(m *Member, cluster string) []string {
	args := []string{
		"--name", m.Name,
		"--data-dir", m.dataDir(),
		"--listen-client-urls", m.ClientURL,
		"--advertise-client-urls", m.advertisedClientURL,
		"--listen-peer-urls", m.PeerURL,
		"--initial-advertise-peer-urls", m.advertisedPeerURL,
		"--initial-cluster", cluster,
		"--initial-cluster-token", "ectl-test",
		"--initial-cluster-state", "new",
		"--log-outputs", "stderr",
		"--unsafe-no-fsync",
		"--bcrypt-cost", "4",
	}
	if strings.HasPrefix(s.options.Version, "3.4.") {
		// Older servers only know --log-outputs together with the zap logger.
		args = append(args, "--logger", "zap")
	}
	if s.options.TLS != nil {
		args = append(args,
			"--cert-file", s.options.ServerCert.CertFile,
			"--key-file", s.options.ServerCert.KeyFile)
		if s.options.ClientCertAuth {
			args = append(args, "--trusted-ca-file", s.options.TLS.CertFile())
			if !s.options.NamelessCerts {
				args = append(args, "--client-cert-auth")
			}
		}
	}
	ttl := s.options.TokenTTL
	if ttl == 0 {
		ttl = 5 * time.Minute
	}
	if s.options.Tokens != nil {
		args = append(args, "--auth-token", s.options.Tokens.ServerFlag(ttl))
	} else if s.options.TokenTTL != 0 {
		// The flag exists from 3.5 on.
		args = append(args, "--auth-token-ttl", fmt.Sprint(int(ttl.Seconds())))
	}
	return slices.Concat(args, s.options.Flags)
}

// waitServing returns when the server answers a linearizable request, which
// needs an elected leader.
func (s *Server) waitServing(ctx context.Context) error {
	client, err := s.Client("", "")
	if err != nil {
		return fmt.Errorf("connect to the new server: %w", err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		_, err := client.Get(ctx, "started")
		if err == nil {
			return nil
		}
		for _, m := range s.Members {
			if exited := m.exitError(); exited != nil {
				return exited
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the new server does not answer: %w\n%s", err, s.Members[0].LogTail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) enableAuth(ctx context.Context) error {
	client, err := s.Client("", "")
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := client.UserAdd(ctx, "root", s.options.RootPassword); err != nil {
		return err
	}
	if _, err := client.RoleAdd(ctx, "root"); err != nil {
		return err
	}
	if _, err := client.UserGrantRole(ctx, "root", "root"); err != nil {
		return err
	}
	_, err = client.AuthEnable(ctx)
	return err
}

// freePorts returns n TCP ports that were free on loopback a moment ago.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		// Held until all are chosen, so that no port is chosen twice.
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func init() {
	// The client's transport reports every refused connection of a starting
	// server on stderr, where it would look like a finding.
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(discard{}, discard{}, discard{}))
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

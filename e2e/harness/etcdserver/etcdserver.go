// Package etcdserver starts and stops real etcd servers on loopback.
//
// The binaries come from a cache folder (see CacheDir), under the name etcd-VERSION. A
// server is stopped by its process ID. On Linux, the kernel kills the server when its
// parent process dies, so no server outlives a killed test run.
//
// The package does not need a *testing.T, because the demonstration program and the
// benchmarks also start servers with it.
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

// Latest is the default server version.
const Latest = "3.7.3"

// startAttempts is the maximum number of attempts to start a server. An attempt is
// repeated if another process has taken one of the chosen ports.
const startAttempts = 5

// patience is the timeout for the start of a server. No machine is so slow, even with a
// busy CPU and disk.
const patience = 5 * time.Minute

// Options selects the server to start. The zero value is one member of the latest
// version, without TLS and without authentication.
type Options struct {
	// Version is the etcd version, for example "3.7.3". Empty means Latest.
	Version string
	// CacheDir is the folder of the binaries. Empty means the result of the function
	// CacheDir.
	CacheDir string
	// Dir is the folder for data directories and logs. Empty means a temporary
	// directory that Stop removes.
	Dir string
	// Members is the number of members. Zero means one.
	Members int
	// Name is the name of a single member. Empty means m1.
	Name string

	// TLS is the authority that issues the server's certificate. Nil means
	// plain HTTP.
	TLS *testpki.Authority
	// ServerCert replaces the certificate that TLS would issue, for servers with a
	// wrong certificate.
	ServerCert testpki.Pair
	// ClientCertAuth makes the server require a client certificate of TLS. The common
	// name of the certificate identifies the user.
	ClientCertAuth bool

	// PeerTLS makes the members use TLS among themselves, with the same certificate.
	PeerTLS bool

	// NamelessCerts makes a server with ClientCertAuth require the certificate, but not
	// identify a user by it.
	NamelessCerts bool

	// Tokens makes the server issue and accept JWTs with these keys. Nil means etcd's
	// simple tokens.
	Tokens *testpki.TokenSigner
	// TokenTTL is the lifetime of tokens. Zero means five minutes, etcd's default.
	TokenTTL time.Duration

	// If RootPassword is not empty, Start adds the user root with this password and the
	// role root, and enables authentication.
	RootPassword string

	// EqualIdentity gives all single-member servers the same cluster ID and member ID.
	// Responses of two servers can then be compared byte by byte.
	EqualIdentity bool

	// Flags are appended to the command line of every member.
	Flags []string
}

// CacheDir returns the folder of the binaries of servers and of the reference etcdctl.
// This is ECTL_CACHE, if set. Otherwise it is the folder .cache in the working
// directory or the nearest parent that has one.
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

// SupportedVersions returns the server versions that the tests support, newest first.
func SupportedVersions() []string { return []string{Latest, "3.6.16", "3.5.35", "3.4.23"} }

// Versions returns the supported versions that the cache contains. It may lack some, for
// example 3.4.23.
func Versions() []string {
	var versions []string
	for _, v := range SupportedVersions() {
		if _, err := os.Stat(filepath.Join(CacheDir(), "etcd-"+v)); err == nil {
			versions = append(versions, v)
		}
	}
	return versions
}

// Server is a running etcd cluster with one or more members.
type Server struct {
	Members []*Member

	options   Options
	dir       string
	ownsDir   bool
	tlsConfig *tls.Config
}

// Start starts a server and returns when it serves requests. If requested,
// authentication is already on. After an error, no process keeps running. The error
// contains an excerpt of the server's log.
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

// Endpoints returns the client URLs of all members, in order.
func (s *Server) Endpoints() []string {
	endpoints := make([]string, len(s.Members))
	for i, m := range s.Members {
		endpoints[i] = m.ClientURL
	}
	return endpoints
}

// Endpoint returns the Endpoints separated by commas, for --endpoints.
func (s *Server) Endpoint() string {
	return strings.Join(s.Endpoints(), ",")
}

// Dir returns the folder of the data directories and logs of the members.
func (s *Server) Dir() string { return s.dir }

// Client connects to the server. If user is not empty, it logs in as user. If the
// server requires client certificates, it uses one without a common name.
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

// AuthRevision returns the revision of users and roles. The server refuses tokens with
// an older revision. user and password may be empty while authentication is off.
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

// Spare returns a member that is not yet part of the cluster. Start it with
// Member.Join. Stop also stops it.
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

// Stop kills all members. It removes the data if Start created a temporary directory.
// It can be called several times.
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
		// The harness must also set up servers that present a wrong certificate.
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
			PeerURL:   fmt.Sprintf("%s://127.0.0.1:%d", s.peerScheme(), ports[2*i+1]),
			binary:    binary,
			dir:       s.dir,
		}
		if s.options.Name != "" {
			m.Name = s.options.Name
		}
		advertised := m.PeerURL
		if s.options.EqualIdentity {
			// The ID of a member is derived from its advertised peer URLs and the
			// cluster token. A single member never connects to that URL.
			m.Name, advertised = "default", "http://127.0.0.1:2380"
		}
		m.advertisedPeerURL = advertised
		m.advertisedClientURL = m.ClientURL
		if s.options.EqualIdentity {
			// This URL only appears in member lists.
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

func (s *Server) peerScheme() string {
	if s.options.PeerTLS {
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
		// Version 3.4 supports --log-outputs only with the zap logger.
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
	if s.options.PeerTLS {
		args = append(args,
			"--peer-cert-file", s.options.ServerCert.CertFile,
			"--peer-key-file", s.options.ServerCert.KeyFile,
			"--peer-trusted-ca-file", s.options.TLS.CertFile())
	}
	ttl := s.options.TokenTTL
	if ttl == 0 {
		ttl = 5 * time.Minute
	}
	if s.options.Tokens != nil {
		args = append(args, "--auth-token", s.options.Tokens.ServerFlag(ttl))
	} else if s.options.TokenTTL != 0 {
		// The flag exists since 3.5.
		args = append(args, "--auth-token-ttl", fmt.Sprint(int(ttl.Seconds())))
	}
	return slices.Concat(args, s.options.Flags)
}

// waitServing returns when the server answers a linearizable request. Such a request
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

// freePorts returns n TCP ports on loopback that were free when they were chosen.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		// The listener stays open until all ports are chosen, so that no port is chosen
		// twice.
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func init() {
	// The client library logs each refused connection of a starting server on stderr.
	// There it would look like a test failure.
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(discard{}, discard{}, discard{}))
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

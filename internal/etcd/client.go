package etcd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/ectl-io/ectl/internal/etcd/diagnose"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/prompt"
)

// Client is a client of the cluster. Its method Explain adds the reason to the error of
// a request.
type Client struct {
	*clientv3.Client
	requests *requests
}

// Dial creates the client that o describes and logs it in. It prompts for a missing
// password with p. Warnings for the user go to warn. ctx bounds the prompts and the
// login, which also ends after o.DialTimeout. The client ends with ctx.
//
// Errors have etcdctl's exit statuses: BadArgs for options that cannot work,
// BadConnection for a failed login.
func Dial(ctx context.Context, o *Options, p *prompt.Prompter, warn func(string)) (*Client, error) {
	d, err := NewDialer(ctx, o, p, warn)
	if err != nil {
		return nil, err
	}
	return d.Dial(ctx, d.Endpoints)
}

// Dialer creates clients with one identity, for commands that connect to each member
// separately.
type Dialer struct {
	Endpoints []string // that the options name or DNS discovery finds

	options *Options
	auth    *clientv3.AuthConfig
	login   *sharedLogin
	warn    func(string)
}

// NewDialer checks the options, finds the endpoints and prompts for a missing password,
// once for all clients. It does not connect to an endpoint. Its errors are those of
// Dial.
func NewDialer(ctx context.Context, o *Options, p *prompt.Prompter, warn func(string)) (*Dialer, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	endpoints, ignored, err := o.resolveEndpoints(ctx)
	if err != nil {
		return nil, err
	}
	for _, endpoint := range ignored {
		warn(fmt.Sprintf("ignoring the discovered endpoint %s: it has no TLS (--insecure-discovery=false)", endpoint))
	}
	if err := o.refuseMixture(endpoints); err != nil {
		return nil, err
	}
	if err := o.checkTLSFiles(ctx, time.Now()); err != nil {
		return nil, err
	}
	auth, err := o.identity(ctx, p, warn)
	if err != nil {
		return nil, err
	}
	d := &Dialer{Endpoints: endpoints, options: o, auth: auth, login: newSharedLogin(), warn: warn}
	d.WarnOfExposure(endpoints)
	return d, nil
}

// Check returns an error for options that cannot work, without reading files, prompting
// or looking up names. NewDialer calls it, too.
func (o *Options) Check() error {
	if err := o.checkEndpoints(); err != nil {
		return err
	}
	return o.checkIdentity()
}

// Counting returns a dialer for the same endpoints and user. Its clients count what they
// change in changes.
func (d *Dialer) Counting(changes *Changes) *Dialer {
	counting, options := *d, *d.options
	options.Changes = changes
	counting.options = &options
	return &counting
}

// WarnOfExposure warns if a password would be sent unencrypted to one of endpoints.
func (d *Dialer) WarnOfExposure(endpoints []string) {
	if d.auth == nil || d.auth.Password == "" || len(endpoints) == 0 {
		return
	}
	if exposed := d.options.exposed(endpoints); len(exposed) > 0 {
		d.warn(fmt.Sprintf("the password goes unencrypted to %s; use https:// endpoints", strings.Join(exposed, ", ")))
	}
}

// Dial creates a client of endpoints and logs it in. It may be called concurrently. Its
// time limits and errors are those of the function Dial.
func (d *Dialer) Dial(ctx context.Context, endpoints []string) (*Client, error) {
	for i, endpoint := range endpoints {
		if bare, found := WithoutUserInfo(endpoint); found { // a member may advertise such a URL
			endpoints = slices.Clone(endpoints)
			endpoints[i] = bare
		}
	}
	if err := d.RefuseMixture(endpoints[:1]); err != nil { // the first endpoint decides for all
		return nil, err
	}
	config, err := d.options.config(endpoints, d.auth)
	if err != nil {
		return nil, exit.With(exit.BadArgs, err)
	}
	return d.dial(ctx, config, d.Self)
}

// Apart returns the dialer's endpoints for clients of one endpoint each. In a client of
// all endpoints, the first one decides whether those without a scheme use TLS.
func (d *Dialer) Apart() []string {
	apart := slices.Clone(d.Endpoints)
	if schemeOf(apart[0]) != "https" {
		return apart
	}
	for i, endpoint := range apart {
		if !strings.Contains(endpoint, "://") && !isSocket(endpoint) {
			apart[i] = "https://" + endpoint
		}
	}
	return apart
}

// DialUnnamed creates a client of the dialer's endpoints without a login.
func (d *Dialer) DialUnnamed(ctx context.Context) (*Client, error) {
	unnamed := *d
	unnamed.auth = nil
	return unnamed.Dial(ctx, d.Endpoints)
}

// DialAs creates a client of the dialer's endpoints that identifies itself only by
// certificate, without the identity of the options. asked is called in each handshake in
// which the server requests a certificate, before the certificate is sent.
func (d *Dialer) DialAs(ctx context.Context, certificate *tls.Certificate, asked func(*tls.CertificateRequestInfo)) (*Client, error) {
	o := *d.options
	o.Cert, o.Key = "", ""
	config, err := o.config(d.Endpoints, nil)
	if err != nil {
		return nil, exit.With(exit.BadArgs, err)
	}
	if config.TLS == nil {
		config.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config.TLS.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		asked(info)
		return certificate, nil
	}
	return d.dial(ctx, config, func() (Self, error) {
		cert, err := x509.ParseCertificate(certificate.Certificate[0])
		if err != nil {
			return Self{}, err
		}
		return Self{By: ByCertificate, User: cert.Subject.CommonName, Cert: cert}, nil
	})
}

// Secure reports whether connections to the endpoints use TLS.
func (d *Dialer) Secure() bool {
	return speaksTLS(d.Endpoints[0], d.options.tlsConfigured())
}

// TLS returns the TLS configuration of the dialer's clients, or nil if they have none.
func (d *Dialer) TLS() (*tls.Config, error) {
	config, err := d.options.config(d.Endpoints, nil)
	if err != nil {
		return nil, err
	}
	return config.TLS, nil
}

func (d *Dialer) dial(ctx context.Context, config *clientv3.Config, self func() (Self, error)) (*Client, error) {
	o := d.options
	config.Context = withOwnLogins(ctx)
	r := o.newRequests(config, d.login, self)
	client, err := clientv3.New(*config)
	if err != nil {
		if advice := diagnose.BadZone(config.Endpoints[0]); advice != "" {
			err = diagnose.WithReason(fmt.Errorf("%s: %w", config.Endpoints[0], err), advice)
		}
		return nil, exit.With(exit.BadConnection, r.diagnosis.Explain(ctx, err))
	}
	r.diagnosis.SetTimeout(o.CommandTimeout, "--"+FlagCommandTimeout)
	return &Client{Client: client, requests: r}, nil
}

func (o *Options) config(endpoints []string, auth *clientv3.AuthConfig) (*clientv3.Config, error) {
	logger := o.logger()
	secure := &clientv3.SecureConfig{
		Cert:               o.Cert,
		Key:                o.Key,
		Cacert:             o.CACert,
		InsecureTransport:  o.InsecureTransport,
		InsecureSkipVerify: o.InsecureSkipTLSVerify,
	}
	if !o.InsecureDiscovery {
		// As etcdctl does. It only makes TLS the default. gRPC verifies the name of the
		// host to which it connects, not this one.
		secure.ServerName = o.DiscoverySRV
	}
	piped := o.takePiped(secure)
	config, err := clientv3.NewClientConfig(&clientv3.ConfigSpec{
		Endpoints:          endpoints,
		DialTimeout:        o.DialTimeout,
		KeepAliveTime:      o.KeepAliveTime,
		KeepAliveTimeout:   o.KeepAliveTimeout,
		MaxCallSendMsgSize: o.MaxRequestBytes,
		MaxCallRecvMsgSize: o.MaxRecvBytes,
		Secure:             secure,
		Auth:               auth,
	}, logger)
	if err != nil {
		return nil, err
	}
	if err := piped.addTo(config); err != nil {
		return nil, err
	}
	config.Logger = logger
	return config, nil
}

// Explain adds to the error of a request what its text leaves out: the cause of an
// expired deadline, and what the user can do. It returns other errors unchanged.
func (c *Client) Explain(ctx context.Context, err error) error {
	return c.requests.diagnosis.Explain(ctx, err)
}

// Forget makes the client explain errors of further requests as if there had been no
// earlier ones. A client of several commands needs it before each.
func (c *Client) Forget() {
	c.requests.diagnosis.Forget()
	c.requests.count.Store(0)
}

// StreamOptions returns the call options of a stream that is opened without the client
// library. They set the client's maximum message size. Like every stream on the client's
// connection, such a stream logs in again.
func (c *Client) StreamOptions() []grpc.CallOption {
	maxBytes := c.requests.config.MaxCallRecvMsgSize
	if maxBytes <= 0 {
		maxBytes = math.MaxInt32 // as in the client library
	}
	return []grpc.CallOption{grpc.MaxCallRecvMsgSize(maxBytes)}
}

// Requests returns the number of requests that the client has sent. Streams, such as
// watches, do not count.
func (c *Client) Requests() int { return int(c.requests.count.Load()) }

// CertificateExpiry returns when the certificate of the server expires that answered the
// last request. The time is zero without TLS.
func (c *Client) CertificateExpiry() time.Time {
	from := c.requests.peer.Load()
	if from == nil {
		return time.Time{}
	}
	info, ok := from.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.PeerCertificates) == 0 {
		return time.Time{}
	}
	return info.State.PeerCertificates[0].NotAfter
}

// Unreachable returns the reason why no endpoint can be reached, if it is permanent, and
// otherwise nil. Watches need it, because they do not keep the type of their error.
func (c *Client) Unreachable() error { return c.requests.diagnosis.Unreachable() }

// LogsIn reports whether the client logs in with a password, so that it can log in
// again. Other clients use a given token, a certificate or no identity.
func (c *Client) LogsIn() bool { return c.Password != "" }

// Close closes the connections.
func (c *Client) Close() error {
	if err := c.Client.Close(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

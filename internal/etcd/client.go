package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/prompt"
)

// Client is a client of the cluster that can say why a request failed.
type Client struct {
	*clientv3.Client
	requests *requests
}

// Dial makes the client that o describes and logs it in, asking p for a
// password where one is missing. Sentences for the user go to warn. ctx bounds
// the questions and the login, which also ends after o.DialTimeout; the client
// outlives neither.
//
// Errors end with etcdctl's statuses: BadArgs for options that cannot work,
// BadConnection for a login that failed.
func Dial(ctx context.Context, o *Options, p *prompt.Prompter, warn func(string)) (*Client, error) {
	d, err := NewDialer(ctx, o, p, warn)
	if err != nil {
		return nil, err
	}
	return d.Dial(ctx, d.Endpoints)
}

// Dialer makes clients of one identity, for commands that talk to each member
// by itself.
type Dialer struct {
	Endpoints []string // that the options name or DNS discovery finds

	options *Options
	auth    *clientv3.AuthConfig
	warn    func(string)
}

// NewDialer does what Dial does before anything is dialled: it asks for a
// missing password, once for all clients.
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
	d := &Dialer{Endpoints: endpoints, options: o, auth: auth, warn: warn}
	d.WarnOfExposure(endpoints)
	return d, nil
}

// Check refuses options that cannot work, as far as that shows before anything
// is read, asked for or looked up. NewDialer does so, too.
func (o *Options) Check() error {
	if err := o.checkEndpoints(); err != nil {
		return err
	}
	return o.checkIdentity()
}

// WarnOfExposure warns where a password would travel to one of endpoints
// unencrypted.
func (d *Dialer) WarnOfExposure(endpoints []string) {
	if d.auth == nil || d.auth.Password == "" || len(endpoints) == 0 {
		return
	}
	if exposed := d.options.exposed(endpoints); len(exposed) > 0 {
		d.warn(fmt.Sprintf("the password goes unencrypted to %s; use https:// endpoints", strings.Join(exposed, ", ")))
	}
}

// Dial makes a client of endpoints and logs it in. Dialers may do so at the
// same time; the bounds and the errors are those of the function Dial.
func (d *Dialer) Dial(ctx context.Context, endpoints []string) (*Client, error) {
	for i, endpoint := range endpoints {
		if bare, found := WithoutUserInfo(endpoint); found { // as a member names itself
			endpoints = slices.Clone(endpoints)
			endpoints[i] = bare
		}
	}
	if err := d.RefuseMixture(endpoints[:1]); err != nil { // which decides for all
		return nil, err
	}
	config, err := d.options.config(endpoints, d.auth)
	if err != nil {
		return nil, exit.With(exit.BadArgs, err)
	}
	return d.dial(ctx, config)
}

// DialUnnamed makes a client of the dialer's endpoints without a login.
func (d *Dialer) DialUnnamed(ctx context.Context) (*Client, error) {
	unnamed := *d
	unnamed.auth = nil
	return unnamed.Dial(ctx, d.Endpoints)
}

// DialAs makes a client of the dialer's endpoints that is known by certificate
// alone, whoever the options name. asked is called in each handshake in which
// the server asks for a certificate, before it is sent.
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
	return d.dial(ctx, config)
}

// Secure says whether the endpoints are talked to over TLS.
func (d *Dialer) Secure() bool {
	return speaksTLS(d.Endpoints[0], d.options.tlsConfigured())
}

// TLS returns the TLS configuration of the dialer's clients, nil if there is none.
func (d *Dialer) TLS() (*tls.Config, error) {
	config, err := d.options.config(d.Endpoints, nil)
	if err != nil {
		return nil, err
	}
	return config.TLS, nil
}

func (d *Dialer) dial(ctx context.Context, config *clientv3.Config) (*Client, error) {
	o := d.options
	config.Context = ctx
	r := o.newRequests(config)
	client, err := clientv3.New(*config)
	if err != nil {
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
		// As etcdctl does. It only makes TLS the default: gRPC verifies the
		// name of the host that it connects to, not this one.
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

// Explain adds to the error of a request what its text leaves out: the cause
// behind an expired deadline, and what the user can do. It returns other
// errors as they are.
func (c *Client) Explain(ctx context.Context, err error) error {
	return c.requests.diagnosis.Explain(ctx, err)
}

// StreamOptions are the options of a stream on the client's connection that is read
// without the client library: with the client's limit of the size of messages. Like
// every stream of the client it logs in again.
func (c *Client) StreamOptions() []grpc.CallOption {
	maxBytes := c.requests.config.MaxCallRecvMsgSize
	if maxBytes <= 0 {
		maxBytes = math.MaxInt32 // as the client library
	}
	return []grpc.CallOption{grpc.MaxCallRecvMsgSize(maxBytes)}
}

// Requests is how many requests the client has sent, watches and the like apart.
func (c *Client) Requests() int { return int(c.requests.count.Load()) }

// Unreachable returns why no endpoint can be talked to, where waiting does not
// mend it, and otherwise nil. A watch does not keep the kind of its error.
func (c *Client) Unreachable() error { return c.requests.diagnosis.Unreachable() }

// LogsIn says whether the client logs in with a password, and can do so again.
// Otherwise it is known by a token that was given, or a certificate, or not at all.
func (c *Client) LogsIn() bool { return c.Password != "" }

// Close ends the connections.
func (c *Client) Close() error {
	if err := c.Client.Close(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

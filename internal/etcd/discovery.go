package etcd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/srv"

	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/progress"
)

// clientService is the SRV service name of etcd's client endpoints.
const clientService = "etcd-client"

// discover returns the endpoints in the SRV records of the domain. Endpoints with TLS
// come first, as in etcdctl. One of the two services is enough.
//
// Its time limit is the sum of the two timeouts, by default 7 seconds. That is enough
// for a resolver to go from an unreachable name server to the next.
func (o *Options) discover(ctx context.Context) ([]string, error) {
	limit := o.DialTimeout + o.CommandTimeout
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	bounded, found := progress.Begin(bounded, func() string {
		return "Waiting for the name server: it has the endpoints of --" + FlagDiscoverySRV + " " + o.DiscoverySRV
	})
	defer found()
	schemes := [...]string{"https", "http"}
	var (
		hosts [len(schemes)][]string
		errs  [len(schemes)]error
	)
	looking, _ := crash.NewGroup(bounded, len(schemes))
	for i, scheme := range schemes {
		looking.Start(func() error {
			_, records, err := net.DefaultResolver.LookupSRV(bounded, srv.GetSRVService(clientService, o.DiscoverySRVName, scheme), "tcp", o.DiscoverySRV)
			for _, record := range records {
				host := net.JoinHostPort(record.Target, strconv.Itoa(int(record.Port)))
				hosts[i] = append(hosts[i], (&url.URL{Scheme: scheme, Host: host}).String())
			}
			errs[i] = err
			return nil
		})
	}
	_ = looking.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errs[0] == nil || errs[1] == nil:
		return append(hosts[0], hosts[1]...), nil
	}
	for _, err := range errs {
		if lookup, ok := errors.AsType[*net.DNSError](err); ok && lookup.IsTimeout {
			end, _ := bounded.Deadline()
			return nil, &nameServerError{domain: o.DiscoverySRV, server: lookup.Server, limit: limit, reached: !time.Now().Before(end)}
		}
	}
	return nil, fmt.Errorf("no SRV records name the endpoints: %w; %w (--discovery-srv %s)", errs[0], errs[1], o.DiscoverySRV)
}

// nameServerError reports that no name server has answered in time.
type nameServerError struct {
	domain, server string
	limit          time.Duration
	reached        bool // limit has passed, not the resolver's own timeout
}

// Error begins with the text of context.DeadlineExceeded, as that of every timeout does.
func (e *nameServerError) Error() string {
	var text strings.Builder
	text.WriteString(context.DeadlineExceeded.Error() + ": the name server ")
	if e.server != "" {
		text.WriteString(e.server + " ")
	}
	text.WriteString("did not answer")
	if e.reached {
		fmt.Fprintf(&text, " within %s (--dial-timeout and --%s together)", e.limit, FlagCommandTimeout)
	}
	fmt.Fprintf(&text, ": the endpoints of --discovery-srv %s are unknown; check this machine's name servers, or give --endpoints", e.domain)
	return text.String()
}

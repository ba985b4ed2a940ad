// Package place describes where a session is connected, and as whom.
package place

import (
	"context"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/crash"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/session"
)

// Place describes where a session is connected, and as whom. Only what the user may read
// is known.
type Place struct {
	Self    etcd.Self
	Cluster uint64 // 0 if unknown
	Version string // of the member that answered; empty if unknown
	Members int    // number of members; 0 if unknown

	// Open reports that authentication is off, so that everybody may do everything.
	Open bool
}

// Find connects, and asks the cluster to describe itself. It fails if it gets no answer.
func Find(ctx context.Context, s *session.Session) (Place, error) {
	client, err := s.Client(ctx)
	if err != nil {
		return Place{}, err
	}
	dialer, err := s.Dialer(ctx)
	if err != nil {
		return Place{}, err
	}
	var p Place
	if p.Self, err = dialer.Self(); err != nil {
		return Place{}, err
	}
	bounded, cancel := s.Timeout(ctx)
	defer cancel()
	connection := client.ActiveConnection()
	var errs [3]error
	group, _ := crash.NewGroup(bounded, len(errs))
	group.Start(func() error {
		var response *pb.StatusResponse
		if response, errs[0] = pb.NewMaintenanceClient(connection).Status(bounded, &pb.StatusRequest{}); errs[0] == nil {
			p.Cluster, p.Version = response.GetHeader().GetClusterId(), response.GetVersion()
		}
		return nil
	})
	group.Start(func() error {
		var response *pb.MemberListResponse
		if response, errs[1] = pb.NewClusterClient(connection).MemberList(bounded, &pb.MemberListRequest{}); errs[1] == nil {
			p.Members = len(response.GetMembers())
		}
		return nil
	})
	group.Start(func() error {
		var enabled bool
		enabled, errs[2] = IsProtected(bounded, s, client)
		p.Open = errs[2] == nil && !enabled
		return nil
	})
	_ = group.Wait()
	for _, err := range errs {
		if err == nil {
			return p, nil
		}
	}
	return Place{}, errs[0]
}

// IsProtected reports whether authentication is on.
func IsProtected(ctx context.Context, s *session.Session, client *etcd.Client) (bool, error) {
	return reader.IsEnabled(ctx, client, s.Timeout)
}

package output

import (
	"strconv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/protobuf/proto"
)

// AuthSwitched is the result of "auth enable" and "auth disable".
type AuthSwitched struct {
	Enabled  bool
	Response proto.Message
}

func (r AuthSwitched) state() string {
	if r.Enabled {
		return "enabled"
	}
	return "disabled"
}

// fixedText is what etcdctl writes in each of its formats.
func (r AuthSwitched) fixedText() string {
	if r.Enabled {
		return "Authentication Enabled\n"
	}
	return "Authentication Disabled\n"
}

// Simple implements Result.
func (r AuthSwitched) Simple(t *Text) { _, _ = t.w.WriteString(r.fixedText()) }

// Fields implements Result.
func (r AuthSwitched) Fields(f *FieldText) { r.Simple(&f.Text) }

// Message implements Result.
func (r AuthSwitched) Message() proto.Message { return r.Response }

// Table implements Result.
func (r AuthSwitched) Table() TableData { return oneRow("authentication", r.state()) }

// Document implements Result.
func (r AuthSwitched) Document() Object { return Object{{"authentication", r.state()}} }

// AuthStatus is the result of "auth status".
type AuthStatus struct{ Response *clientv3.AuthStatusResponse }

func (r AuthStatus) response() *pb.AuthStatusResponse { return (*pb.AuthStatusResponse)(r.Response) }

// Simple implements Result.
func (r AuthStatus) Simple(t *Text) {
	t.Linef("Authentication Status: %v", r.response().GetEnabled())
	t.Linef("AuthRevision: %d", r.response().GetAuthRevision())
}

// Fields implements Result. etcdctl has no such form of this command.
func (r AuthStatus) Fields(f *FieldText) {
	f.Header(r.response().GetHeader())
	f.Field("Enabled", r.response().GetEnabled())
	f.Field("AuthRevision", r.response().GetAuthRevision())
}

// Message implements Result.
func (r AuthStatus) Message() proto.Message { return r.response() }

// Table implements Result.
func (r AuthStatus) Table() TableData {
	return oneRow(
		"authentication", AuthSwitched{Enabled: r.response().GetEnabled()}.state(),
		"auth revision", strconv.FormatUint(r.response().GetAuthRevision(), 10))
}

// Document implements Result.
func (r AuthStatus) Document() Object {
	return Object{
		{"authentication", AuthSwitched{Enabled: r.response().GetEnabled()}.state()},
		{"auth_revision", r.response().GetAuthRevision()},
	}
}

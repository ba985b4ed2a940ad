package output

import (
	"strconv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// AuthSwitched is the result of "auth enable" and "auth disable".
type AuthSwitched struct{ Enabled bool }

func (r AuthSwitched) state() string {
	if r.Enabled {
		return "enabled"
	}
	return "disabled"
}

// Simple implements Result.
func (r AuthSwitched) Simple(t *Text) {
	if r.Enabled {
		t.Linef("Authentication Enabled")
	} else {
		t.Linef("Authentication Disabled")
	}
}

func (r AuthSwitched) api() apiForms {
	return apiForms{simple: true}
}

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

// fields writes the fields. etcdctl does not support fields for this command.
func (r AuthStatus) fields(f *FieldText) {
	f.Header(r.response().GetHeader())
	f.Field("Enabled", r.response().GetEnabled())
	f.Field("AuthRevision", r.response().GetAuthRevision())
}

func (r AuthStatus) api() apiForms {
	return apiForms{message: r.response(), fields: r.fields}
}

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

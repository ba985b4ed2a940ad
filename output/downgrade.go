package output

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Downgrade is the result of a command under "downgrade".
type Downgrade struct {
	Action   string // validate, enable or cancel
	Response *clientv3.DowngradeResponse
}

func (r Downgrade) response() *pb.DowngradeResponse { return (*pb.DowngradeResponse)(r.Response) }

// Simple implements Result.
func (r Downgrade) Simple(t *Text) {
	t.Linef("Downgrade %s success, cluster version %s", r.Action, r.response().GetVersion())
}

// fields writes the fields. etcdctl does not support fields for this command.
func (r Downgrade) fields(f *FieldText) {
	f.Header(r.response().GetHeader())
	f.Quoted("Version", r.response().GetVersion())
}

func (r Downgrade) api() apiForms {
	return apiForms{message: r.response(), fields: r.fields}
}

// Table implements Result.
func (r Downgrade) Table() TableData {
	return oneRow("downgrade", r.Action, "result", "success", "cluster version", r.response().GetVersion())
}

// Document implements Result.
func (r Downgrade) Document() Object {
	return Object{{"downgrade", r.Action}, {"result", "success"}, {"cluster_version", r.response().GetVersion()}}
}

package output

import (
	"bufio"
	"strconv"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// The client library has its own types for responses about leases, which embed the
// response header. etcdctl's protobuf format therefore writes only the header.

// leaseLinef writes a line that begins with a lease's ID. The ID is signed, as in
// etcdctl, so its hexadecimal form may be negative.
func (t *Text) leaseLinef(format string, id clientv3.LeaseID, rest ...any) {
	t.Linef("lease %016x "+format, append([]any{int64(id)}, rest...)...)
}

func (f *FieldText) leaseID(id clientv3.LeaseID) {
	if f.hex {
		f.Linef("%q : %016x", "ID", int64(id))
		return
	}
	f.Field("ID", int64(id))
}

func seconds(n int64) string { return strconv.FormatInt(n, 10) }

// LeaseGranted is the result of "lease grant".
type LeaseGranted struct{ Response *clientv3.LeaseGrantResponse }

// Simple implements Result.
func (r LeaseGranted) Simple(t *Text) {
	t.leaseLinef("granted with TTL(%ds)", r.Response.ID, r.Response.TTL)
}

func (r LeaseGranted) fields(f *FieldText) {
	f.Header(r.Response.ResponseHeader)
	f.leaseID(r.Response.ID)
	f.Field("TTL", r.Response.TTL)
}

func (r LeaseGranted) api() apiForms {
	return apiForms{message: r.Response.ResponseHeader, fields: r.fields, json: r.Response}
}

// Table implements Result.
func (r LeaseGranted) Table() TableData {
	return oneRow("lease", LeaseID(r.Response.ID).String(), "ttl", seconds(r.Response.TTL), "result", "granted")
}

// Document implements Result.
func (r LeaseGranted) Document() Object {
	return Object{{"lease", LeaseID(r.Response.ID)}, {"ttl", r.Response.TTL}, {"result", "granted"}}
}

// LeaseRevoked is the result of "lease revoke".
type LeaseRevoked struct {
	ID       clientv3.LeaseID
	Response *clientv3.LeaseRevokeResponse
}

func (r LeaseRevoked) response() *pb.LeaseRevokeResponse {
	return (*pb.LeaseRevokeResponse)(r.Response)
}

// Simple implements Result.
func (r LeaseRevoked) Simple(t *Text) { t.leaseLinef("revoked", r.ID) }

func (r LeaseRevoked) fields(f *FieldText) { f.Header(r.response().GetHeader()) }

func (r LeaseRevoked) api() apiForms {
	return apiForms{message: r.response(), fields: r.fields}
}

// Table implements Result.
func (r LeaseRevoked) Table() TableData {
	return oneRow("lease", LeaseID(r.ID).String(), "result", "revoked")
}

// Document implements Result.
func (r LeaseRevoked) Document() Object {
	return Object{
		{"lease", LeaseID(r.ID)},
		{"result", "revoked"},
		{"revision", r.response().GetHeader().GetRevision()},
	}
}

// LeaseInfo is the result of "lease timetolive".
type LeaseInfo struct {
	Keys     bool // the keys were requested
	Response *clientv3.LeaseTimeToLiveResponse
}

// expired reports whether the lease does not exist. The server then returns a TTL of -1
// and a granted TTL of 0.
func (r LeaseInfo) expired() bool { return r.Response.GrantedTTL == 0 && r.Response.TTL == -1 }

// Simple implements Result.
func (r LeaseInfo) Simple(t *Text) {
	switch {
	case r.expired():
		t.leaseLinef("already expired", r.Response.ID)
	case r.Keys:
		keys := make([]string, 0, len(r.Response.Keys))
		for _, key := range r.Response.Keys {
			keys = append(keys, string(key))
		}
		t.leaseLinef("granted with TTL(%ds), remaining(%ds), attached keys([%s])", r.Response.ID, r.Response.GrantedTTL, r.Response.TTL,
			strings.Join(keys, " "))
	default:
		t.leaseLinef("granted with TTL(%ds), remaining(%ds)", r.Response.ID, r.Response.GrantedTTL, r.Response.TTL)
	}
}

func (r LeaseInfo) fields(f *FieldText) {
	f.Header(r.Response.ResponseHeader)
	f.leaseID(r.Response.ID)
	f.Field("TTL", r.Response.TTL)
	f.Field("GrantedTTL", r.Response.GrantedTTL)
	for _, key := range r.Response.Keys {
		f.Quoted("Key", string(key))
	}
}

func (r LeaseInfo) api() apiForms {
	return apiForms{message: r.Response.ResponseHeader, fields: r.fields, json: r.Response}
}

// Table implements Result. If the keys were requested, each of them has a row.
func (r LeaseInfo) Table() TableData {
	row := []string{LeaseID(r.Response.ID).String(), seconds(r.Response.GrantedTTL), seconds(r.Response.TTL)}
	t := TableData{Header: []string{"lease", "granted ttl", "remaining ttl"}, Rows: [][]string{row}}
	if r.expired() {
		t.Rows[0] = []string{LeaseID(r.Response.ID).String(), "", "expired"}
	}
	if !r.Keys {
		return t
	}
	t.Header = append(t.Header, "key")
	first := t.Rows[0]
	t.Rows = nil
	for _, key := range r.Response.Keys {
		t.Rows = append(t.Rows, append(first[:3:3], cell(key)))
	}
	if len(t.Rows) == 0 {
		t.Rows = [][]string{append(first, "")}
	}
	return t
}

// Document implements Result.
func (r LeaseInfo) Document() Object {
	if r.expired() {
		return Object{{"lease", LeaseID(r.Response.ID)}, {"expired", true}}
	}
	document := Object{
		{"lease", LeaseID(r.Response.ID)},
		{"expired", false},
		{"granted_ttl", r.Response.GrantedTTL},
		{"remaining_ttl", r.Response.TTL},
	}
	if r.Keys {
		keys := []Object{}
		for _, key := range r.Response.Keys {
			keys = append(keys, Object{{"key", Bytes(key)}})
		}
		document = append(document, Member{"keys", keys})
	}
	return document
}

// LeaseList is the result of "lease list".
type LeaseList struct{ Response *clientv3.LeaseLeasesResponse }

// Simple implements Result.
func (r LeaseList) Simple(t *Text) {
	t.Linef("found %d leases", len(r.Response.Leases))
	for _, lease := range r.Response.Leases {
		t.Linef("%016x", int64(lease.ID))
	}
}

func (r LeaseList) fields(f *FieldText) {
	f.Header(r.Response.ResponseHeader)
	for _, lease := range r.Response.Leases {
		f.leaseID(lease.ID)
	}
}

func (r LeaseList) api() apiForms {
	return apiForms{message: r.Response.ResponseHeader, fields: r.fields, json: r.Response}
}

// Table implements Result.
func (r LeaseList) Table() TableData {
	t := TableData{Header: []string{"lease"}}
	for _, lease := range r.Response.Leases {
		t.Rows = append(t.Rows, []string{LeaseID(lease.ID).String()})
	}
	return t
}

// Document implements Result.
func (r LeaseList) Document() Object {
	leases := []string{}
	for _, lease := range r.Response.Leases {
		leases = append(leases, LeaseID(lease.ID).String())
	}
	return Object{{"leases", leases}}
}

// Items implements Lister.
func (r LeaseList) Items() []Object {
	items := []Object{}
	for _, lease := range r.Response.Leases {
		items = append(items, Object{{"lease", LeaseID(lease.ID)}})
	}
	return items
}

// LeaseKeptAlive is the result of "lease keep-alive". It is printed each time that the
// lease is renewed.
type LeaseKeptAlive struct {
	Response *clientv3.LeaseKeepAliveResponse
}

// Simple implements Result.
func (r LeaseKeptAlive) Simple(t *Text) {
	t.leaseLinef("keepalived with TTL(%d)", r.Response.ID, r.Response.TTL)
}

func (r LeaseKeptAlive) fields(f *FieldText) {
	f.Header(r.Response.ResponseHeader)
	f.leaseID(r.Response.ID)
	f.Field("TTL", r.Response.TTL)
}

func (r LeaseKeptAlive) api() apiForms {
	return apiForms{message: r.Response.ResponseHeader, fields: r.fields, json: r.Response}
}

// Table implements Result.
func (r LeaseKeptAlive) Table() TableData {
	return oneRow("lease", LeaseID(r.Response.ID).String(), "ttl", seconds(r.Response.TTL), "result", "kept alive")
}

// Document implements Result.
func (r LeaseKeptAlive) Document() Object {
	return Object{{"lease", LeaseID(r.Response.ID)}, {"ttl", r.Response.TTL}, {"result", "kept alive"}}
}

// LeaseGone is the last result of "lease keep-alive": the lease expired or was revoked.
// As in etcdctl, fields, json and protobuf write nothing for it.
type LeaseGone struct{ ID clientv3.LeaseID }

// writeAs implements selfWriter. It writes nothing and returns true for fields, json and
// protobuf.
func (r LeaseGone) writeAs(format Format, _ *bufio.Writer) (bool, error) { //nolint:unparam // the interface has an error for policies
	return format == Fields || format == JSON || format == Protobuf, nil
}

// Simple implements Result.
func (r LeaseGone) Simple(t *Text) { t.leaseLinef("expired or revoked.", r.ID) }

func (r LeaseGone) api() apiForms { return apiForms{} }

// Table implements Result.
func (r LeaseGone) Table() TableData {
	return oneRow("lease", LeaseID(r.ID).String(), "ttl", "", "result", "expired or revoked")
}

// Document implements Result.
func (r LeaseGone) Document() Object {
	return Object{{"lease", LeaseID(r.ID)}, {"result", "expired or revoked"}}
}

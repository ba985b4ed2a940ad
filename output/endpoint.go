package output

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/colour"
)

// Health reports whether one endpoint works.
type Health struct {
	Endpoint string
	Took     string // duration of the read; empty if the login failed
	Error    string // in etcdctl's words; empty if healthy
	Reason   string // the error in ectl's words
	Alarms   *clientv3.AlarmResponse
}

func (h Health) healthy() bool { return h.Error == "" }

// EndpointHealth is the result of "endpoint health".
type EndpointHealth struct{ Endpoints []Health }

// Simple implements Result. It writes only the healthy endpoints: the command reports the
// others on standard error.
func (r EndpointHealth) Simple(t *Text) {
	for _, h := range r.Endpoints {
		if h.healthy() {
			t.Linef("%s is %s: successfully committed proposal: took = %s", h.Endpoint, t.paint.Paint(colour.Good, "healthy"), h.Took)
		}
	}
}

func (r EndpointHealth) fields(f *FieldText) {
	for _, h := range r.Endpoints {
		f.Quoted("Endpoint", h.Endpoint)
		f.Field("Health", h.healthy())
		f.Field("Took", h.Took)
		f.Field("Error", h.Error)
		f.Linef("")
	}
}

func (r EndpointHealth) api() apiForms {
	return apiForms{fields: r.fields, json: r.json(), protobuf: delimited(r.alarms())}
}

// alarms returns the alarms that each endpoint returned. etcdctl does not write them.
func (r EndpointHealth) alarms() []*pb.AlarmResponse {
	var alarms []*pb.AlarmResponse
	for _, h := range r.Endpoints {
		if h.Alarms != nil {
			alarms = append(alarms, (*pb.AlarmResponse)(h.Alarms))
		}
	}
	return alarms
}

func (r EndpointHealth) json() any {
	type health struct {
		Endpoint string `json:"endpoint"`
		Health   bool   `json:"health"`
		Took     string `json:"took"`
		Error    string `json:"error,omitempty"`
	}
	var list []health // null if it is empty, as in etcdctl
	for _, h := range r.Endpoints {
		list = append(list, health{h.Endpoint, h.healthy(), h.Took, h.Error})
	}
	return list
}

// Table implements Result.
func (r EndpointHealth) Table() TableData {
	t := TableData{Header: []string{"endpoint", "health", "took", "error"}, durations: []string{"took"}}
	for _, h := range r.Endpoints {
		t.Rows = append(t.Rows, []string{h.Endpoint, strconv.FormatBool(h.healthy()), h.Took, h.Error})
	}
	return t
}

// Document implements Result.
func (r EndpointHealth) Document() Object { return Object{{"endpoints", r.Items()}} }

// Items implements Lister.
func (r EndpointHealth) Items() []Object {
	var items []Object
	for _, h := range r.Endpoints {
		item := Object{{"endpoint", h.Endpoint}, {"healthy", h.healthy()}}
		if took, err := time.ParseDuration(h.Took); err == nil { // the login did not fail
			item = append(item, Member{"took_microseconds", took.Microseconds()})
		}
		if !h.healthy() {
			item = append(item, Member{"error", h.Reason})
		}
		items = append(items, item)
	}
	return items
}

// Status holds the status that one endpoint returned.
type Status struct {
	Endpoint string
	Response *clientv3.StatusResponse // nil if it did not answer
	Reason   string                   // why it did not answer
}

func (s Status) response() *pb.StatusResponse { return (*pb.StatusResponse)(s.Response) }

func (s Status) leads() bool {
	return s.response().GetLeader() == s.response().GetHeader().GetMemberId()
}

// percentUnused returns the unused percentage of the database file, rounded up as in
// etcdctl.
func (s Status) percentUnused() int64 {
	size := s.response().GetDbSize()
	if size == 0 {
		return 0
	}
	return 100 - s.response().GetDbSizeInUse()*100/size
}

// EndpointStatus is the result of "endpoint status". As in etcdctl, endpoints that did
// not answer are omitted. Only yaml and ndjson show them, with the reason.
type EndpointStatus struct{ Endpoints []Status }

func (r EndpointStatus) answered() []Status {
	var answered []Status
	for _, s := range r.Endpoints {
		if s.Response != nil {
			answered = append(answered, s)
		}
	}
	return answered
}

// Simple implements Result.
func (r EndpointStatus) Simple(t *Text) { simpleRows(t, r.Table()) }

func simpleRows(t *Text, table TableData) {
	for _, row := range table.Rows {
		t.Linef("%s", strings.Join(row, ", "))
	}
}

func (r EndpointStatus) fields(f *FieldText) {
	for _, s := range r.answered() {
		m := s.response()
		f.Header(m.GetHeader())
		f.Quoted("Version", m.GetVersion())
		f.Quoted("StorageVersion", m.GetStorageVersion())
		f.Field("DBSize", m.GetDbSize())
		f.Field("DBSizeInUse", m.GetDbSizeInUse())
		f.Field("DBSizeQuota", m.GetDbSizeQuota())
		f.Field("Leader", m.GetLeader())
		f.Field("IsLearner", m.GetIsLearner())
		f.Field("RaftIndex", m.GetRaftIndex())
		f.Field("RaftAppliedIndex", m.GetRaftAppliedIndex())
		f.Field("Errors", m.GetErrors())
		f.Quoted("Endpoint", s.Endpoint)
		f.Quoted("DowngradeTargetVersion", m.GetDowngradeInfo().GetTargetVersion())
		f.Field("DowngradeEnabled", m.GetDowngradeInfo().GetEnabled())
		f.Linef("")
	}
}

func (r EndpointStatus) api() apiForms {
	return apiForms{fields: r.fields, json: r.json(), protobuf: delimited(r.messages())}
}

func (r EndpointStatus) messages() []*pb.StatusResponse {
	var messages []*pb.StatusResponse
	for _, s := range r.answered() {
		messages = append(messages, s.response())
	}
	return messages
}

func (r EndpointStatus) json() any {
	type status struct {
		Endpoint string             `json:"Endpoint"`
		Status   *pb.StatusResponse `json:"Status"`
	}
	var list []status // null if it is empty, as in etcdctl
	for _, s := range r.answered() {
		list = append(list, status{s.Endpoint, s.response()})
	}
	return list
}

// Table implements Result.
func (r EndpointStatus) Table() TableData {
	t := TableData{Header: []string{
		"endpoint", "id", "version", "storage version", "db size", "in use", "percentage not in use", "quota", "is leader",
		"is learner", "raft term", "raft index", "raft applied index", "errors", "downgrade target version", "downgrade enabled",
	}}
	for _, s := range r.answered() {
		m := s.response()
		t.Rows = append(t.Rows, []string{
			s.Endpoint,
			hexID(m.GetHeader().GetMemberId()),
			m.GetVersion(),
			m.GetStorageVersion(),
			Bytesize(m.GetDbSize()),
			Bytesize(m.GetDbSizeInUse()),
			fmt.Sprintf("%d%%", s.percentUnused()),
			Bytesize(m.GetDbSizeQuota()),
			strconv.FormatBool(s.leads()),
			strconv.FormatBool(m.GetIsLearner()),
			strconv.FormatUint(m.GetRaftTerm(), 10),
			strconv.FormatUint(m.GetRaftIndex(), 10),
			strconv.FormatUint(m.GetRaftAppliedIndex(), 10),
			strings.Join(m.GetErrors(), ", "),
			m.GetDowngradeInfo().GetTargetVersion(),
			strconv.FormatBool(m.GetDowngradeInfo().GetEnabled()),
		})
	}
	return t
}

// Document implements Result.
func (r EndpointStatus) Document() Object { return Object{{"endpoints", r.Items()}} }

// Items implements Lister.
func (r EndpointStatus) Items() []Object {
	var items []Object
	for _, s := range r.Endpoints {
		if s.Response == nil {
			items = append(items, failedEndpoint(s.Endpoint, s.Reason))
			continue
		}
		m := s.response()
		items = append(items, Object{
			{"endpoint", s.Endpoint},
			{"cluster_id", ID(m.GetHeader().GetClusterId())},
			{"member_id", ID(m.GetHeader().GetMemberId())},
			{"version", m.GetVersion()},
			{"storage_version", m.GetStorageVersion()},
			{"db_size", m.GetDbSize()},
			{"db_size_in_use", m.GetDbSizeInUse()},
			{"db_size_quota", m.GetDbSizeQuota()},
			{"leader", s.leads()},
			{"leader_id", ID(m.GetLeader())},
			{"learner", m.GetIsLearner()},
			{"revision", m.GetHeader().GetRevision()},
			{"raft_term", m.GetRaftTerm()},
			{"raft_index", m.GetRaftIndex()},
			{"raft_applied_index", m.GetRaftAppliedIndex()},
			{"errors", m.GetErrors()},
			{"downgrade_enabled", m.GetDowngradeInfo().GetEnabled()},
			{"downgrade_target_version", m.GetDowngradeInfo().GetTargetVersion()},
		})
	}
	return items
}

func failedEndpoint(endpoint, reason string) Object {
	return Object{{"endpoint", endpoint}, {"error", reason}}
}

// Hash holds the hash of the key history of one endpoint's member.
type Hash struct {
	Endpoint string
	Response *clientv3.HashKVResponse // nil if it did not answer
	Reason   string                   // why it did not answer
}

func (h Hash) response() *pb.HashKVResponse { return (*pb.HashKVResponse)(h.Response) }

// EndpointHashKV is the result of "endpoint hashkv". As in etcdctl, endpoints that did
// not answer are omitted. Only yaml and ndjson show them, with the reason.
type EndpointHashKV struct{ Endpoints []Hash }

func (r EndpointHashKV) answered() []Hash {
	var answered []Hash
	for _, h := range r.Endpoints {
		if h.Response != nil {
			answered = append(answered, h)
		}
	}
	return answered
}

// Simple implements Result.
func (r EndpointHashKV) Simple(t *Text) { simpleRows(t, r.Table()) }

func (r EndpointHashKV) fields(f *FieldText) {
	for _, h := range r.answered() {
		f.Header(h.response().GetHeader())
		f.Quoted("Endpoint", h.Endpoint)
		f.Field("Hash", h.response().GetHash())
		f.Field("HashRevision", h.response().GetHashRevision())
		f.Linef("")
	}
}

func (r EndpointHashKV) api() apiForms {
	return apiForms{fields: r.fields, json: r.json(), protobuf: delimited(r.messages())}
}

func (r EndpointHashKV) messages() []*pb.HashKVResponse {
	var messages []*pb.HashKVResponse
	for _, h := range r.answered() {
		messages = append(messages, h.response())
	}
	return messages
}

func (r EndpointHashKV) json() any {
	type hash struct {
		Endpoint string             `json:"Endpoint"`
		HashKV   *pb.HashKVResponse `json:"HashKV"`
	}
	var list []hash // null if it is empty, as in etcdctl
	for _, h := range r.answered() {
		list = append(list, hash{h.Endpoint, h.response()})
	}
	return list
}

// Table implements Result.
func (r EndpointHashKV) Table() TableData {
	t := TableData{Header: []string{"endpoint", "hash", "hash revision"}}
	for _, h := range r.answered() {
		t.Rows = append(t.Rows, []string{
			h.Endpoint,
			strconv.FormatUint(uint64(h.response().GetHash()), 10),
			strconv.FormatInt(h.response().GetHashRevision(), 10),
		})
	}
	return t
}

// Document implements Result.
func (r EndpointHashKV) Document() Object { return Object{{"endpoints", r.Items()}} }

// Items implements Lister.
func (r EndpointHashKV) Items() []Object {
	var items []Object
	for _, h := range r.Endpoints {
		if h.Response == nil {
			items = append(items, failedEndpoint(h.Endpoint, h.Reason))
			continue
		}
		m := h.response()
		items = append(items, Object{
			{"endpoint", h.Endpoint},
			{"member_id", ID(m.GetHeader().GetMemberId())},
			{"hash", m.GetHash()},
			{"hash_revision", m.GetHashRevision()},
			{"compact_revision", m.GetCompactRevision()},
		})
	}
	return items
}

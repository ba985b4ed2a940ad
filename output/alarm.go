package output

import (
	"fmt"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Alarms is the result of "alarm list" and "alarm disarm".
type Alarms struct {
	Response *clientv3.AlarmResponse
}

func (r Alarms) response() *pb.AlarmResponse { return (*pb.AlarmResponse)(r.Response) }

// Simple implements Result: an alarm in protobuf's text format, which omits zero values.
// Between fields, etcdctl writes one or two spaces, depending on its build.
func (r Alarms) Simple(t *Text) {
	for _, a := range r.response().GetAlarms() {
		var fields []string
		if a.GetMemberID() != 0 {
			fields = append(fields, fmt.Sprintf("memberID:%d", a.GetMemberID()))
		}
		if a.GetAlarm() != pb.AlarmType_NONE {
			fields = append(fields, "alarm:"+a.GetAlarm().String())
		}
		t.Linef("%s", strings.Join(fields, " "))
	}
}

func (r Alarms) fields(f *FieldText) {
	f.Header(r.response().GetHeader())
	for _, a := range r.response().GetAlarms() {
		f.id("MemberID", a.GetMemberID())
		f.Field("AlarmType", a.GetAlarm())
		f.Linef("")
	}
}

func (r Alarms) api() apiForms {
	return apiForms{message: r.response(), fields: r.fields}
}

// Table implements Result.
func (r Alarms) Table() TableData {
	t := TableData{Header: []string{"member id", "alarm"}}
	for _, a := range r.response().GetAlarms() {
		t.Rows = append(t.Rows, []string{hexID(a.GetMemberID()), a.GetAlarm().String()})
	}
	return t
}

// Document implements Result.
func (r Alarms) Document() Object { return Object{{"alarms", r.Items()}} }

// Items implements Lister.
func (r Alarms) Items() []Object {
	var items []Object
	for _, a := range r.response().GetAlarms() {
		items = append(items, Object{{"member_id", ID(a.GetMemberID())}, {"alarm", a.GetAlarm().String()}})
	}
	return items
}

package output

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Commands read the ID of a lease as etcdctl does, as a signed number in hexadecimal.
func TestTheLeaseOfADocumentIsWhatCommandsTake(t *testing.T) {
	for _, id := range []int64{1, 0x694d7e4f1a2b3c05, math.MaxInt64, -1, math.MinInt64} {
		lease, kv := clientv3.LeaseID(id), &mvccpb.KeyValue{Key: []byte("k"), Version: 1, Lease: id}
		info := &clientv3.LeaseTimeToLiveResponse{ID: lease, TTL: 1, GrantedTTL: 2}
		list := LeaseList{&clientv3.LeaseLeasesResponse{Leases: []clientv3.LeaseStatus{{ID: lease}}}}
		for name, document := range map[string]Object{
			"get":             RangeOptions{}.object(kv),
			"get, keys only":  RangeOptions{KeysOnly: true}.object(kv),
			"ls":              ListingOptions{Long: true}.object(kv),
			"watch":           eventObject(&mvccpb.Event{Kv: kv}),
			"lease grant":     LeaseGranted{&clientv3.LeaseGrantResponse{ID: lease}}.Document(),
			"lease revoke":    LeaseRevoked{ID: lease}.Document(),
			"lease list":      list.Items()[0],
			"lease info":      LeaseInfo{Response: info}.Document(),
			"lease expired":   LeaseInfo{Response: &clientv3.LeaseTimeToLiveResponse{ID: lease, TTL: -1}}.Document(),
			"lease kept":      LeaseKeptAlive{&clientv3.LeaseKeepAliveResponse{ID: lease}}.Document(),
			"lease gone":      LeaseGone{lease}.Document(),
			"elect, or lock":  LockHolder{&clientv3.GetResponse{Kvs: []*mvccpb.KeyValue{kv}}}.Document(),
			"previous of put": Put{Response: &clientv3.PutResponse{PrevKv: kv}}.Document()[3].Value.(Object),
			"previous of del": Deletion{&clientv3.DeleteResponse{PrevKvs: []*mvccpb.KeyValue{kv}}}.Document()[2].Value.([]Object)[0],
		} {
			t.Run(name+" "+strconv.FormatInt(id, 16), func(t *testing.T) {
				text, _ := fromJSON(t, toJSON(t, document))["lease"].(string)
				if got, err := strconv.ParseInt(text, 16, 64); got != id || err != nil {
					t.Errorf("the lease is %q, which is read as %d, %v", text, got, err)
				}
				if table := keyValueRow(kv, cell); table[len(table)-1] != text {
					t.Errorf("the lease is %q in a document and %q in a table", text, table[len(table)-1])
				}
			})
		}
	}
}

// A document has one type for each kind of name, so that one rule says how it is shown.
func TestDocumentsHaveOneTypeForEachKindOfName(t *testing.T) {
	for _, c := range goldenCases() {
		if c.result == nil {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			checkTypes(t, "", c.result.Document())
			if list, ok := c.result.(Lister); ok {
				for _, item := range list.Items() {
					checkTypes(t, "", item)
				}
			}
		})
	}
}

func checkTypes(t *testing.T, path string, o Object) {
	t.Helper()
	for _, member := range o {
		ok := true
		switch value := member.Value.(type) {
		case Object:
			checkTypes(t, path+member.Name+".", value)
			continue
		case []Object:
			for _, item := range value {
				checkTypes(t, path+member.Name+".", item)
			}
			continue
		case Bytes:
			ok = member.Name != "user" && member.Name != "role"
		case string:
			ok = member.Name != "lease" && member.Name != "key" && member.Name != "value" && member.Name != "range_end" && !strings.HasSuffix(member.Name, "_id")
		case ID:
			ok = member.Name != "lease"
		}
		if !ok {
			t.Errorf("%s%s is a %T", path, member.Name, member.Value)
		}
	}
}

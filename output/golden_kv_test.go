package output

import (
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/version"
)

func header() *pb.ResponseHeader {
	return &pb.ResponseHeader{ClusterId: 14841639068965178418, MemberId: 10276657743932975437, Revision: 42, RaftTerm: 2}
}

func keyValue(key, value string, lease int64) *mvccpb.KeyValue {
	return &mvccpb.KeyValue{Key: []byte(key), Value: []byte(value), CreateRevision: 3, ModRevision: 41, Version: 5, Lease: lease}
}

// oddKeys are keys and values that are hard to show.
func oddKeys() []*mvccpb.KeyValue {
	return []*mvccpb.KeyValue{
		keyValue("/config/size", "3", 0),
		keyValue("/leased", "until then", 0x694d7e4f1a2b3c05),
		keyValue("empty", "", 0),
		keyValue("binary \x00\x01\xff", "\x80\x81", 0),
		keyValue("\xff\xff", "value of a key that is not UTF-8", 0),
		keyValue("lines", "a\n\n  b\n", 0),
		keyValue("one line", "ends\n", 0),
		keyValue("tab\tand\rreturn", "\x1b[31mred\x1b[0m", 0),
		keyValue("ключ", "日本語 é 🙂", 0),
		keyValue(`quotes " ' and, comma; \ `, `{"json": ["<b>", "&"]}`, 0),
		keyValue("  spaces  ", "  ", 0),
		keyValue("yes", "null", 0),
		keyValue("1", "0x1f", 0),
		keyValue("- a: [b", "# c", 0),
		keyValue("=1+1", "'", 0),
		{Key: []byte("large numbers"), Value: []byte(strings.Repeat("long ", 40)), CreateRevision: 1 << 62, ModRevision: 1<<63 - 1, Version: 1 << 60, Lease: -1},
	}
}

func withoutValues(kvs []*mvccpb.KeyValue) []*mvccpb.KeyValue {
	for _, kv := range kvs {
		kv.Value = nil
	}
	return kvs
}

// get is a range as "get" prints it.
func get(o RangeOptions, response *pb.RangeResponse) func(*Printer) error {
	return inBlocks(func(p *Printer) RangeStream { return p.Range(o) }, response)
}

// listing is a level as "ls" prints it.
func listing(o ListingOptions, response *pb.RangeResponse) func(*Printer) error {
	return inBlocks(func(p *Printer) RangeStream { return p.Listing(o) }, response)
}

func inBlocks(in func(*Printer) RangeStream, response *pb.RangeResponse) func(*Printer) error {
	return func(p *Printer) error {
		stream := in(p)
		if err := stream.Begin(response.GetHeader()); err != nil {
			return err
		}
		if kvs := response.GetKvs(); len(kvs) > 0 {
			half := len(kvs) / 2 // in two blocks
			if err := stream.Keys(kvs[:half]); err != nil {
				return err
			}
			if err := stream.Keys(kvs[half:]); err != nil {
				return err
			}
		}
		return stream.End(response.GetMore(), response.GetCount())
	}
}

// kvCases are the results of get, ls, du, put, del, txn and compaction.
func kvCases() []goldenCase {
	h := header()
	count := int64(len(oddKeys()))
	all := &pb.RangeResponse{Header: h, Kvs: oddKeys(), Count: count}
	limited := &pb.RangeResponse{Header: h, Kvs: oddKeys()[:2], More: true, Count: count}
	keys := &pb.RangeResponse{Header: h, Kvs: withoutValues(oddKeys()), Count: count}
	none := &pb.RangeResponse{Header: h}
	counted := &pb.RangeResponse{Header: h, Count: 1_000_000}
	subtrees := []*mvccpb.KeyValue{{Key: []byte("/app/")}, {Key: []byte("binary \x00\xff/")}}
	entries := &pb.RangeResponse{Header: h, Kvs: append(subtrees, withoutValues(oddKeys())...), Count: count + 2}
	longEntries := &pb.RangeResponse{Header: h, Kvs: append(subtrees, oddKeys()...), Count: count + 2}
	used := Usage{Header: h, Omitted: 7, Levels: []UsedLevel{{"/", 1_000_001, 2_100_000_000}, {"/app/", 1_000_000, 2_099_999_980}, {"/binary \x00\xff/", 1, 20}}}
	overwritten := Put{"binary \x00\x01\xff", &clientv3.PutResponse{Header: h, PrevKv: oddKeys()[3]}}
	deleted := func(n int64, prev ...*mvccpb.KeyValue) Deletion {
		return Deletion{&clientv3.DeleteResponse{Header: h, Deleted: n, PrevKvs: prev}}
	}
	everyOperation := txn(true, putOp(nil), rangeOp(oddKeys()[:4]...), deleteOp(), putOp(oddKeys()[3]), deleteOp(oddKeys()[1:3]...))
	return []goldenCase{
		showAll("range", get(RangeOptions{}, all)),
		showAll("range", get(RangeOptions{}, all)).withHex(),
		showAll("range-nothing", get(RangeOptions{}, none)),
		showAll("range-limited", get(RangeOptions{}, limited)),
		showAll("range-lines", get(RangeOptions{KeysOnly: true, Lines: true}, keys)),
		showAll("range-keys-only", get(RangeOptions{KeysOnly: true}, keys)),
		showAll("range-keys-only", get(RangeOptions{KeysOnly: true}, keys)).withHex(),
		showAll("range-keys-only-nothing", get(RangeOptions{KeysOnly: true}, none)),
		showAll("range-count-only", get(RangeOptions{CountOnly: true}, counted)),
		showAll("range-count-only-nothing", get(RangeOptions{CountOnly: true}, none)),
		showAll("range-value-only", get(RangeOptions{ValueOnly: true}, all)),
		showAll("range-value-only", get(RangeOptions{ValueOnly: true}, all)).withHex(),
		showAll("listing", listing(ListingOptions{}, entries)),
		showAll("listing", listing(ListingOptions{}, entries)).withHex(),
		showAll("listing-long", listing(ListingOptions{Long: true}, longEntries)),
		showAll("listing-long", listing(ListingOptions{Long: true}, longEntries)).withHex(),
		showAll("listing-nothing", listing(ListingOptions{}, none)),
		show("usage", used),
		show("usage", used).withHex(),
		show("usage-nothing", Usage{Header: h, Levels: []UsedLevel{{}}}),
		show("put", Put{"/config/size", &clientv3.PutResponse{Header: h}}),
		show("put-previous", overwritten),
		show("put-previous", overwritten).withHex(),
		show("put-refused", PutRefused{"/config/size", &pb.RangeResponse{Header: h, Count: 1, Kvs: withoutValues(oddKeys()[:1])}}),
		show("put-refused-absent", PutRefused{"binary \x00\x01\xff", &pb.RangeResponse{Header: h}}),
		show("deleted", deleted(3)),
		show("deleted-nothing", deleted(0)),
		show("deleted-previous", deleted(4, oddKeys()[:4]...)),
		show("deleted-previous", deleted(4, oddKeys()[:4]...)).withHex(),
		show("txn", everyOperation),
		show("txn", everyOperation).withHex(),
		show("txn-failure", txn(false, rangeOp())),
		show("txn-nothing", txn(true)),
		show("compacted", Compaction{1234}),
	}
}

func txn(succeeded bool, responses ...*pb.ResponseOp) Txn {
	return Txn{&clientv3.TxnResponse{Header: header(), Succeeded: succeeded, Responses: responses}}
}

func rangeOp(kvs ...*mvccpb.KeyValue) *pb.ResponseOp {
	return &pb.ResponseOp{Response: &pb.ResponseOp_ResponseRange{ResponseRange: &pb.RangeResponse{
		Header: &pb.ResponseHeader{Revision: 42}, Kvs: kvs, Count: int64(len(kvs)) + 1, More: true}}}
}

func putOp(prev *mvccpb.KeyValue) *pb.ResponseOp {
	return &pb.ResponseOp{Response: &pb.ResponseOp_ResponsePut{ResponsePut: &pb.PutResponse{
		Header: &pb.ResponseHeader{Revision: 42}, PrevKv: prev}}}
}

func deleteOp(prev ...*mvccpb.KeyValue) *pb.ResponseOp {
	return &pb.ResponseOp{Response: &pb.ResponseOp_ResponseDeleteRange{ResponseDeleteRange: &pb.DeleteRangeResponse{
		Header: &pb.ResponseHeader{Revision: 42}, Deleted: 2, PrevKvs: prev}}}
}

// otherCases are the results of commands that are in no tree.
func otherCases() []goldenCase {
	info := Version{version.Info{Version: "v1.2.3", Commit: "0123456789abcdef0123456789abcdef01234567", Date: "2026-01-02T03:04:05Z",
		Go: "go1.26.8", Platform: "linux/amd64", Etcdctl: "3.7.3", API: "3.7"}}
	return []goldenCase{
		show("version", info),
		show("etcdctl-version", EtcdctlVersion{info}),
	}
}

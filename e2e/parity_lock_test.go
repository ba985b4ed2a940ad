package e2e

import (
	"encoding/base64"
	"regexp"
	"testing"
	"unicode/utf8"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

var (
	queueKeyPattern = regexp.MustCompile(`/[0-9a-f]{8,16}\b`)
	base64Pattern   = regexp.MustCompile(`"key":"([^"]+)"`)
	leasePatterns   = []*regexp.Regexp{
		regexp.MustCompile(`("lease":)[0-9]+()`),
		regexp.MustCompile(`("Lease" : )[0-9a-f]+()`),
	}
)

// replaceQueueKeys replaces the lease in the names of keys, and as a field.
func replaceQueueKeys(t *testing.T, r *groupRun, s *side) func(string) string {
	t.Helper()
	fields := replacing(leasePatterns, "LEASE")(t, r, s)
	return func(text string) string {
		var response pb.RangeResponse
		if !utf8.ValidString(text) && proto.Unmarshal([]byte(text), &response) == nil { // protobuf
			for _, kv := range response.Kvs {
				kv.Key, kv.Lease = queueKeyPattern.ReplaceAll(kv.Key, []byte("/LEASE")), 1
			}
			return "protobuf " + protojson.MarshalOptions{}.Format(&response)
		}
		text = base64Pattern.ReplaceAllStringFunc(text, func(member string) string {
			key, err := base64.StdEncoding.DecodeString(base64Pattern.FindStringSubmatch(member)[1])
			if err != nil {
				return member
			}
			return `"key":"` + queueKeyPattern.ReplaceAllString(string(key), "/LEASE") + `" in base64`
		})
		return fields(queueKeyPattern.ReplaceAllString(text, "/LEASE"))
	}
}

package e2e

import (
	"fmt"
	"regexp"
	"testing"
	"unicode/utf8"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"
)

var leaseIDPatterns = []*regexp.Regexp{
	regexp.MustCompile(`(lease )[0-9a-f]{16}( )`),
	regexp.MustCompile(`(?m)("ID" : )[0-9a-f]+()$`),
	regexp.MustCompile(`("ID":)[0-9]+(,)`),
}

var remainingPatterns = []*regexp.Regexp{
	regexp.MustCompile(`(remaining\()[0-9]+(s\))`),
	regexp.MustCompile(`(?m)("TTL" : )[0-9]+()$`),
	regexp.MustCompile(`("ttl":)[0-9]+(,)`),
}

// replaceLeaseIDs replaces the IDs in a list of leases, of which some were
// granted by cases.
func replaceLeaseIDs(*testing.T, *groupRun, *side) func(string) string {
	return func(text string) string {
		var response pb.LeaseLeasesResponse
		if !utf8.ValidString(text) && proto.Unmarshal([]byte(text), &response) == nil { // protobuf
			return fmt.Sprintf("protobuf of %d leases", len(response.Leases))
		}
		return regexp.MustCompile(`(?m)^[0-9a-f]{16}$|("id":|"ID" : )[0-9a-f]+`).ReplaceAllString(text, "${1}LEASE")
	}
}

// replacing replaces what patterns match between their two groups.
func replacing(patterns []*regexp.Regexp, by string) func(*testing.T, *groupRun, *side) func(string) string {
	return func(*testing.T, *groupRun, *side) func(string) string {
		return func(text string) string {
			for _, pattern := range patterns {
				text = pattern.ReplaceAllString(text, "${1}"+by+"${2}")
			}
			return text
		}
	}
}

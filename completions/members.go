package completions

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/ectl-io/ectl/internal/etcd"
)

// Members completes the IDs of members. A word that begins no ID completes to the names
// that can be given in place of an ID.
func Members(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	response, err := c.MemberList(ctx)
	if err != nil {
		return Candidates{}, err
	}
	var found, names Candidates
	for _, member := range response.Members {
		id := strconv.FormatUint(member.GetID(), 16)
		if startsWith(id, r.Word) {
			found.Words = append(found.Words, described(id, aboutMember(member)))
		}
		if name := member.GetName(); r.Word != "" && startsWith(name, r.Word) && isOnlyName(name, response.Members) {
			names.Words = append(names.Words, described(name, id+" "+withoutLogins(member.GetClientURLs())))
		}
	}
	found.Words = append(found.Words, names.Words...)
	slices.Sort(found.Words)
	return found, nil
}

// aboutMember describes a member by its name and its URLs.
func aboutMember(member *pb.Member) string {
	name, urls := member.GetName(), member.GetClientURLs()
	if name == "" {
		name, urls = "(never started)", member.GetPeerURLs()
	}
	if member.GetIsLearner() {
		name += " (learner)"
	}
	return name + " " + withoutLogins(urls)
}

// isOnlyName reports whether commands accept the name in place of an ID.
func isOnlyName(name string, members []*pb.Member) bool {
	count := 0
	for _, member := range members {
		if member.GetName() == name {
			count++
		}
	}
	return count == 1 && strings.Trim(name, "0123456789abcdefABCDEF") != ""
}

// Endpoints completes the client URLs of the members.
func Endpoints(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	response, err := c.MemberList(ctx)
	if err != nil {
		return Candidates{}, err
	}
	var found Candidates
	for _, member := range response.Members {
		for _, url := range member.GetClientURLs() {
			if _, hasLogin := etcd.WithoutUserInfo(url); !hasLogin && startsWith(url, r.Word) {
				found.Words = append(found.Words, described(url, member.GetName()))
			}
		}
	}
	slices.Sort(found.Words)
	return found, nil
}

// PeerURLs completes the peer URLs of the member in the preceding argument, so that they
// can be changed.
func PeerURLs(ctx context.Context, c *etcd.Client, r Request) (Candidates, error) {
	if len(r.Args) == 0 {
		return Candidates{}, nil
	}
	response, err := c.MemberList(ctx)
	if err != nil {
		return Candidates{}, err
	}
	for _, member := range response.Members {
		if r.Args[0] == fmt.Sprintf("%x", member.GetID()) || r.Args[0] == member.GetName() {
			return startingWith(member.GetPeerURLs(), r.Word), nil
		}
	}
	return Candidates{}, nil
}

// withoutLogins joins URLs, which may contain a login.
func withoutLogins(urls []string) string {
	var bare []string
	for _, url := range urls {
		url, _ = etcd.WithoutUserInfo(url)
		bare = append(bare, url)
	}
	return strings.Join(bare, ",")
}

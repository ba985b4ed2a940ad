package review_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/review"
)

const kept = `{"cluster_id":"cdf8","date":"2026-03-01T12:00:00Z","users":[
	{"user":"alice","roles":["app"]},{"user":"eve","roles":[]}],
	"roles":[{"role":"app","permissions":[{"access":"readwrite","key":"/app/","range_end":"/app0"},{"access":"read","key_base64":"/w=="}]}]}`

func TestAReviewIsReadBack(t *testing.T) {
	r, err := review.Read([]byte(kept))
	if err != nil {
		t.Fatal(err)
	}
	alice := r.State.Effective("alice")
	if r.Cluster != "cdf8" || r.Date.Year() != 2026 || len(r.State.Users) != 2 || !alice.Write.Contains(access.Range{Key: []byte("/app/x")}) || !alice.Read.Contains(access.Range{Key: []byte("\xff")}) {
		t.Errorf("read %+v", r)
	}
}

func TestWhatIsNoReviewIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":             "no JSON",
		"{}":           "no access review",
		`{"users":[]}`: "no access review",
		`{"users":[],"roles":[{"role":"a","permissions":[{"access":"own","key":"k"}]}]}`:         `role "a"`,
		`{"users":[],"roles":[{"role":"a","permissions":[{"access":"read"}]}]}`:                  "no key",
		`{"users":[],"roles":[{"role":"a","permissions":[{"access":"read","key_base64":"%"}]}]}`: "base64",
	} {
		if _, err := review.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
}

func TestTheDigestIdentifiesTheAccess(t *testing.T) {
	state := func(change func(access.State)) access.State {
		s := access.NewState()
		s.Roles["app"] = access.Role{Name: "app", Permissions: []access.Permission{
			{Access: access.Read, Range: access.Range{Key: []byte("a")}}, {Access: access.Write, Range: access.Range{Key: []byte("b"), End: []byte("c")}},
		}}
		s.Users["bob"] = access.User{Name: "bob", Roles: []string{"app", "root"}}
		change(s)
		return s
	}
	digest := review.Digest(state(func(access.State) {}))
	for name, change := range map[string]func(access.State){
		"order": func(s access.State) {
			p := s.Roles["app"].Permissions
			p[0], p[1] = p[1], p[0]
			s.Users["bob"] = access.User{Name: "bob", Roles: []string{"root", "app"}}
		},
	} {
		if got := review.Digest(state(change)); got != digest || len(got) != 64 {
			t.Errorf("%s: the digest is %s, want %s", name, got, digest)
		}
	}
	for name, change := range map[string]func(access.State){
		"access": func(s access.State) { s.Roles["app"].Permissions[0].Access = access.Write },
		"end":    func(s access.State) { s.Roles["app"].Permissions[1].Range.End = []byte("d") },
		"key":    func(s access.State) { s.Roles["app"].Permissions[1].Range.Key = []byte("\xff") },
		"user":   func(s access.State) { s.Users["eve"] = access.User{Name: "eve"} },
		"role":   func(s access.State) { s.Roles["x"] = access.Role{Name: "x"} },
		"grant":  func(s access.State) { s.Users["bob"] = access.User{Name: "bob", Roles: []string{"app"}} },
	} {
		if got := review.Digest(state(change)); got == digest {
			t.Errorf("%s: the digest is the same", name)
		}
	}
}

func TestUsersWithoutAccessAreDifferencesToo(t *testing.T) {
	before, after := access.NewState(), access.NewState()
	before.Roles["app"] = access.Role{Name: "app", Permissions: []access.Permission{{Access: access.Read, Range: access.Range{Key: []byte("k")}}}}
	after.Roles["app"] = before.Roles["app"]
	before.Users["gone"] = access.User{Name: "gone"}
	before.Users["same"] = access.User{Name: "same", Roles: []string{"app"}}
	after.Users["same"] = before.Users["same"]
	after.Users["new"] = access.User{Name: "new"}
	after.Users["app-user"] = access.User{Name: "app-user", Roles: []string{"app"}}
	var got []string
	for _, e := range review.Effects(before, after) {
		got = append(got, fmt.Sprintf("%s added=%t deleted=%t gains=%t", e.User, e.Added, e.Deleted, e.GainsAny()))
	}
	want := "app-user added=true deleted=false gains=true, gone added=false deleted=true gains=false, new added=true deleted=false gains=false"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

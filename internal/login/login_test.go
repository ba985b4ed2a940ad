package login

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// newStore returns a Store in a folder of the test.
func newStore(t *testing.T) *Store {
	t.Helper()
	folder := t.TempDir()
	s, err := NewStore(func(name string) (string, bool) { return folder, name == "XDG_RUNTIME_DIR" })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func here() Place {
	return Place{Program: "ectl", Endpoints: []string{"https://a:2379", "b:2379"}, CACert: "ca.crt"}
}

func TestALoginIsFoundOnlyAtItsPlace(t *testing.T) {
	s := newStore(t)
	if l, err := s.Find(here(), ""); l != nil || err != nil {
		t.Fatalf("without a folder there is a login %v, %v", l, err)
	}
	if err := s.Save(here(), Login{User: "bob", Token: "t1", Since: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func(*Place)
		user   string
		found  bool
	}{
		{"at its place", func(*Place) {}, "bob", true},
		{"without a user", func(*Place) {}, "", true},
		{"in another order of the endpoints", func(p *Place) { p.Endpoints = []string{"b:2379", "https://a:2379"} }, "", true},
		{"of another user", func(*Place) {}, "alice", false},
		{"at one of the endpoints", func(p *Place) { p.Endpoints = p.Endpoints[:1] }, "", false},
		{"without TLS", func(p *Place) { p.Endpoints = []string{"http://a:2379", "b:2379"} }, "", false},
		{"with another authority", func(p *Place) { p.CACert = "other.crt" }, "", false},
		{"without verification", func(p *Place) { p.Insecure = true }, "", false},
		{"with a certificate", func(p *Place) { p.Cert = "bob.crt" }, "", false},
		{"under another name", func(p *Place) { p.Program = "etcdctl" }, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := here()
			test.change(&p)
			if l, err := s.Find(p, test.user); (l != nil) != test.found || err != nil {
				t.Errorf("Find = %v, %v; want found %t", l, err, test.found)
			}
		})
	}
}

func TestTheLatestLoginThatLivesIsFound(t *testing.T) {
	s, now := newStore(t), time.Now()
	for _, l := range []Login{
		{User: "old", Token: "t", Since: now.Add(-time.Hour)},
		{User: "latest", Token: "t", Since: now},
		{User: "expired", Token: "t", Since: now.Add(time.Hour), Expiry: now.Add(-time.Minute)},
	} {
		if err := s.Save(here(), l); err != nil {
			t.Fatal(err)
		}
	}
	if l, err := s.Find(here(), ""); err != nil || l == nil || l.User != "latest" {
		t.Errorf("Find = %v, %v; want that of latest", l, err)
	}
	if l, err := s.Find(here(), "expired"); err != nil || l == nil || !l.Expired() {
		t.Errorf("Find of an expired login = %v, %v", l, err)
	}
	if removed, err := s.Remove(here(), "latest"); len(removed) != 1 || err != nil {
		t.Errorf("Remove = %v, %v", removed, err)
	}
	if l, err := s.Find(here(), ""); err != nil || l == nil || l.User != "old" {
		t.Errorf("after Remove, Find = %v, %v; want that of old", l, err)
	}
	if removed, err := s.Remove(here(), ""); len(removed) != 2 || err != nil {
		t.Errorf("Remove of all = %v, %v", removed, err)
	}
}

func TestADamagedFileIsReportedWithoutItsContent(t *testing.T) {
	s := newStore(t)
	if err := s.Save(here(), Login{User: "bob", Token: "s3cret", Since: time.Now()}); err != nil {
		t.Fatal(err)
	}
	path := s.path(here(), "bob")
	if err := os.WriteFile(path, []byte(`{"token":"s3cret"`), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := s.Find(here(), ""); l != nil || err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("Find = %v, %v; want an error without the token", l, err)
	}
}

func TestAFolderThatOthersCanReadIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such permissions")
	}
	s := newStore(t)
	if err := os.MkdirAll(filepath.Clean(s.folder), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(here(), Login{User: "bob", Token: "t"}); err == nil {
		t.Error("the login is kept in a folder that others can read")
	}
	if entries, err := os.ReadDir(s.folder); len(entries) != 0 || err != nil {
		t.Errorf("the folder has %v, %v; want nothing", entries, err)
	}
}

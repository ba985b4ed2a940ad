package authn

import (
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/etcd"
)

func TestWhoWouldBeLockedOut(t *testing.T) {
	state := access.NewState()
	state.Users["root"] = access.User{Name: "root"}
	state.Users["admin"] = access.User{Name: "admin", Roles: []string{"app", "root"}}
	state.Users["bob"] = access.User{Name: "bob", Roles: []string{"app"}}
	for name, test := range map[string]struct {
		self   etcd.Self
		secure bool
		state  access.State
		line   string // empty: not locked out
	}{
		"root":                         {etcd.Self{By: etcd.ByPassword, User: "root"}, false, state, ""},
		"a holder of the role root":    {etcd.Self{By: etcd.ByPassword, User: "admin"}, false, state, ""},
		"root with a certificate":      {etcd.Self{By: etcd.ByCertificate, User: "root"}, true, state, ""},
		"no user root":                 {etcd.Self{By: etcd.ByPassword, User: "root"}, true, access.NewState(), "the user root does not exist"},
		"no identity":                  {etcd.Self{By: etcd.ByNothing}, true, state, "no user given"},
		"a token":                      {etcd.Self{By: etcd.ByToken, User: "root"}, true, state, "the token is not valid"},
		"a certificate without TLS":    {etcd.Self{By: etcd.ByCertificate, User: "root"}, false, state, "without TLS"},
		"a certificate without a name": {etcd.Self{By: etcd.ByCertificate}, true, state, "no common name"},
		"a user that does not exist":   {etcd.Self{By: etcd.ByPassword, User: "eve"}, true, state, "the user eve does not exist"},
		"a user without the role root": {etcd.Self{By: etcd.ByPassword, User: "bob"}, true, state, "the user bob does not hold the role root"},
	} {
		t.Run(name, func(t *testing.T) {
			got := lockedOut(test.self, test.secure, test.state)
			if !strings.Contains(got, test.line) || (got == "") != (test.line == "") {
				t.Errorf("it is told %q, want %q", got, test.line)
			}
		})
	}
}

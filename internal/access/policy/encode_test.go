package policy_test

import (
	"testing"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/nasty"
)

func TestAnExportOfNastyNamesIsReadBack(t *testing.T) {
	names, err := nasty.Names(7, 300)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := nasty.Keys(7, 300)
	if err != nil {
		t.Fatal(err)
	}
	s := access.NewState()
	for i, name := range names {
		s.Roles[name] = access.Role{Name: name, Permissions: []access.Permission{
			{Access: access.Read, Range: access.Range{Key: []byte(keys[i])}},
			{Access: access.Write, Range: access.PrefixRange([]byte(keys[len(names)+i]))},
		}}
		s.Users[name] = access.User{Name: name, Roles: []string{name}}
	}
	for format, write := range map[string]func(access.State) ([]byte, error){"yaml": policy.YAML, "json": policy.JSON} {
		t.Run(format, func(t *testing.T) {
			text, err := write(s)
			if err != nil {
				t.Fatal(err)
			}
			p, err := policy.Parse(policy.Document{Name: "export", Text: text})
			if err != nil {
				t.Fatalf("%s: %.2000s", format, err)
			}
			for i, name := range names {
				role, user := p.Roles[name], p.Users[name]
				if len(role.Permissions) != 2 || len(user.Roles) != 1 || user.Roles[0] != name {
					t.Errorf("%s: %q is read back as %v and %v", format, name, role, user)
					continue
				}
				if string(role.Permissions[0].Range.Key) != keys[i] {
					t.Errorf("%s: the key %q is read back as %q", format, keys[i], role.Permissions[0].Range.Key)
				}
			}
		})
	}
}

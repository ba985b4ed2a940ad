package cli

import (
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/plan"
)

func TestEachStepHasACommand(t *testing.T) {
	keys := func(verb plan.Verb, a access.Access, key, end string) plan.Step {
		return plan.Step{Verb: verb, Role: "app", Permission: access.Permission{Access: a, Range: access.Range{Key: []byte(key), End: []byte(end)}}}
	}
	for want, step := range map[string]plan.Step{
		"role add|app":                                        {Verb: plan.AddRole, Role: "app"},
		"role delete|app":                                     {Verb: plan.DeleteRole, Role: "app"},
		"user add|bob":                                        {Verb: plan.AddUser, User: "bob"},
		"user delete|--|-bob":                                 {Verb: plan.DeleteUser, User: "-bob"},
		"user passwd|bob":                                     {Verb: plan.SetPassword, User: "bob"},
		"user grant-role|bob|app":                             {Verb: plan.GrantRole, User: "bob", Role: "app"},
		"user revoke-role|bob|app":                            {Verb: plan.RevokeRole, User: "bob", Role: "app"},
		"role grant-permission|app|read|/a":                   keys(plan.GrantKeys, access.Read, "/a", ""),
		"role revoke-permission|app|/a":                       keys(plan.RevokeKeys, 0, "/a", ""),
		"role revoke-permission|app|/b|/c*":                   keys(plan.RevokeKeys, 0, "/b", "/c*"),
		"role revoke-permission|app|k|k\x00":                  keys(plan.RevokeKeys, 0, "k", "k\x00"),
		"role grant-permission|app|readwrite|/a/|--prefix":    keys(plan.GrantKeys, access.ReadWrite, "/a/", "/a0"),
		"role revoke-permission|app|/x|--from-key":            keys(plan.RevokeKeys, 0, "/x", "\x00"),
		"role revoke-permission|--from-key|--|app|-y":         keys(plan.RevokeKeys, 0, "-y", "\x00"),
		"role revoke-permission|app||--prefix":                keys(plan.RevokeKeys, 0, "\x00", "\x00"),
		"role grant-permission|--prefix|--|app|write|-p":      keys(plan.GrantKeys, access.Write, "-p", "-q"),
		"role grant-permission|app|write|\xff|--prefix":       keys(plan.GrantKeys, access.Write, "\xff", "\x00"),
		"role grant-permission|--|app|readwrite|-start|-stop": keys(plan.GrantKeys, access.ReadWrite, "-start", "-stop"),
	} {
		t.Run(want, func(t *testing.T) {
			path, positional, _ := strings.Cut(want, "|")
			if got := strings.Join(StepArgs(step), "|"); got != strings.ReplaceAll(path, " ", "|")+"|"+positional {
				t.Errorf("the arguments are %q", got)
			}
		})
	}
}

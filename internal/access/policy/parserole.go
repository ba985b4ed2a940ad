package policy

import (
	"encoding/base64"
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/suggest"
)

func (p *parser) role(name string, key, value *yaml.Node) {
	if before, twice := p.policy.Roles[name]; twice {
		p.problem(key, "", "the role %s is also in %s", quoted(name), before.At)
		return
	}
	role := Role{Name: name, At: p.at(key)}
	granted := map[[2]string]access.Access{} // by the notation of the range
	p.items(value, "the permissions of the role "+named(name), func(item *yaml.Node) {
		permission, ok := p.permission(item)
		if !ok {
			return
		}
		p.steps++
		on := permission.Range.Notation()
		if other, twice := granted[on]; twice {
			hint := "leave one of them out"
			if other != permission.Access {
				hint = "write it once, with the access that is meant: " + (other | permission.Access).String() + " for both"
			}
			p.problem(item, hint, "the role %s has %s twice", named(name), shownRange(permission.Range))
			return
		}
		granted[on] = permission.Access
		role.Permissions = append(role.Permissions, permission)
	})
	if name == access.RootRole && len(role.Permissions) > 0 {
		p.problem(key, "leave its permissions out", "the role root allows everything, whatever it holds")
	}
	p.policy.Roles[name] = role
}

// shownRange returns a description of a range for an error. It is shortened if the
// keys are long.
func shownRange(r access.Range) string {
	if len(r.Key)+len(r.End) > 2*maxName {
		return "a range that starts with " + quoted(string(r.Key))
	}
	return r.String()
}

func (p *parser) permission(n *yaml.Node) (permission access.Permission, ok bool) {
	var said []string // names of the fields that select keys
	faults := p.faults
	p.fields(n, "a permission", permissionFields(), func(name string, key, value *yaml.Node) {
		switch name {
		case fieldAccess:
			text, isText := p.text(value, "the access")
			if !isText {
				return
			}
			var err error
			if permission.Access, err = access.ParseAccess(text); err != nil {
				p.problem(value, suggest.Hint(text, access.AccessNames()), unknownAccess)
			}
			return
		case fieldAll:
			if value.Kind != yaml.ScalarNode || value.Value != "true" {
				p.problem(value, "say which keys with "+strings.Join(keyFields(), ", "), "%s is true or not there", fieldAll)
			}
			permission.Range = access.Everything()
		default:
			permission.Range = p.keys(name, value)
		}
		said = append(said, name)
		if len(said) == 2 {
			p.problem(key, "make two permissions of it", "a permission has one range, here are %s and %s", said[0], said[1])
		}
	})
	if p.faults > faults {
		return permission, false
	}
	if permission.Access == 0 {
		p.problem(n, "add "+fieldAccess+": read, write or readwrite", "the permission has no access")
	}
	if len(said) == 0 {
		p.problem(n, "add one of "+strings.Join(keyFields(), ", ")+", "+fieldAll, "the permission has no keys")
	}
	return permission, p.faults == faults
}

// keys returns the range in the field called name. If the field is invalid, keys
// reports the problem and returns an empty range.
func (p *parser) keys(name string, value *yaml.Node) access.Range {
	field, inBase64 := strings.CutSuffix(name, base64Suffix)
	nodes := []*yaml.Node{value}
	if field == fieldRange {
		if value.Kind != yaml.SequenceNode || len(value.Content) != 2 {
			p.problem(value, "write [FROM, TO]: its keys are those from FROM up to TO, without TO", "a range has two keys")
			return access.Range{}
		}
		nodes = value.Content
		for _, n := range nodes {
			if !p.visit(n, resolve(n)) {
				return access.Range{}
			}
		}
	}
	keys := make([]string, 0, len(nodes))
	for _, n := range nodes {
		text, ok := p.text(n, "a key")
		if !ok {
			return access.Range{}
		}
		if inBase64 {
			decoded, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				p.problem(resolve(n), "encode the key with: base64 -w0", "the key is not base64")
				return access.Range{}
			}
			text = string(decoded)
		}
		keys = append(keys, text)
	}
	r, err := keyRange(field, keys)
	if h, ok := errors.AsType[hinted](err); ok {
		p.problem(value, h.hint, "%s", h.message)
	}
	return r
}

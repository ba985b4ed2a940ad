package policy

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

func (p *parser) user(name string, key, value *yaml.Node) {
	if before, twice := p.policy.Users[name]; twice {
		p.problem(key, "", "the user %s is also in %s", quoted(userPart(name)), before.At)
		return
	}
	if strings.Contains(name, ":") && isNull(value) {
		p.problem(key, "write a space after the colon, and after it {roles: [...], password: {...}}", "the name of a user that has nothing else has a colon")
		return
	}
	user := User{Name: name, At: p.at(key)}
	held := map[string]bool{}
	if !isNull(value) { // a user without roles and password is valid
		p.fields(value, "a user", userFields(), func(field string, _, value *yaml.Node) {
			switch field {
			case fieldRoles:
				p.items(value, "the roles of the user "+named(userPart(name)), func(item *yaml.Node) {
					role, ok := p.text(item, "the name of a role")
					p.steps++
					switch {
					case !ok:
					case held[role]:
						p.problem(item, "", "the user %s has the role %s twice", named(userPart(name)), named(role))
					default:
						held[role] = true
						user.Roles = append(user.Roles, role)
						p.memberOf = append(p.memberOf, membership{role, p.at(item)})
					}
				})
			case fieldPassword:
				user.Password = p.password(value)
			}
		})
	}
	p.policy.Users[name] = user
}

func (p *parser) password(n *yaml.Node) Password {
	password := Password{At: p.at(n)}
	const hint = "write none, or where it comes from: {env: VARIABLE}, {file: PATH}, {command: LINE} or {generate: true}"
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		if n.Value == string(None) {
			password.Source = None
			return password
		}
		// Do not include the text of the node: it is a secret.
		p.problem(n, hint, "a password does not stand in the policy itself")
		return password
	}
	p.fields(n, "a password", passwordFields(), func(name string, key, value *yaml.Node) {
		if password.Source != NotGiven {
			p.problem(key, "", "the password comes from one place, here are %s and %s", password.Source, name)
			return
		}
		password.Source = Source(name)
		if password.Source == Generate {
			if value.Kind != yaml.ScalarNode || value.Value != "true" {
				p.problem(value, hint, "%s is true or not there", name)
			}
			return
		}
		text, ok := p.text(value, name)
		if ok && text == "" {
			p.problem(value, hint, "%s is empty", name)
		}
		password.Value = text
	})
	if password.Source == NotGiven && n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		p.problem(n, hint, "the password comes from nowhere")
	}
	return password
}

package policy

import "github.com/ectl-io/ectl/internal/access"

// object is a JSON object; encoding/json sorts its members.
type object = map[string]any

// Schema returns the JSON Schema of policy files, in the draft with the best support in
// editors. Parse checks the rules that a schema cannot express: names exist and occur
// once, and ranges have keys.
func Schema() any {
	return object{
		"$schema":              "http://json-schema.org/draft-07/schema#",
		"$id":                  SchemaURL,
		"title":                "ectl access policy",
		"description":          "Users, roles and permissions of an etcd cluster. ectl rbac plan, apply and test read it, and ectl rbac export writes it.",
		"type":                 "object",
		"additionalProperties": false,
		"required":             []string{fieldAPIVersion},
		"properties": object{
			fieldAPIVersion: object{"description": "The version of the format.", "const": APIVersion},
			fieldRoles: object{
				"description":          "The roles by name, with their permissions. The role root always exists.",
				"type":                 []string{"object", "null"},
				"propertyNames":        nameSchema(),
				"additionalProperties": ref("role"),
			},
			fieldUsers: object{
				"description":          "The users by name, with their roles.",
				"type":                 []string{"object", "null"},
				"propertyNames":        nameSchema(),
				"additionalProperties": ref("user"),
			},
			fieldExpect: object{
				"description": "Sentences that must be true, such as: bob can write prefix /app/",
				"type":        []string{"array", "null"},
				"items": object{
					"type":    "string",
					"pattern": `^\s*("([^"\\]|\\.)+"|[^\s"]\S*)\s+(can|cannot)\s+(read|write|readwrite)\s+\S`,
				},
			},
			fieldWaive: object{
				"description": "Accepted findings of ectl rbac lint.",
				"type":        []string{"array", "null"},
				"items":       ref("waiver"),
			},
		},
		"definitions": object{
			"role": object{
				"description": "The permissions of the role. Nothing can be denied.",
				"type":        []string{"array", "null"},
				"items":       ref("permission"),
			},
			"permission": permissionSchema(),
			"user": object{
				"description":          "A user.",
				"type":                 []string{"object", "null"},
				"additionalProperties": false,
				"properties": object{
					fieldRoles: object{
						"description": "The names of the user's roles: roles of this policy, or root.",
						"type":        []string{"array", "null"},
						"items":       text(""),
						"uniqueItems": true,
					},
					fieldPassword: ref("password"),
				},
			},
			"password": passwordSchema(),
			"waiver": object{
				"type":                 "object",
				"additionalProperties": false,
				"required":             waiverFields(),
				"properties": object{
					fieldRule:   text("The rule, as in the output of lint."),
					fieldObject: text("The object of the finding, as in the output of lint."),
					fieldReason: text("The reason to accept the finding."),
				},
			},
		},
	}
}

// nameSchema returns the schema for the name of a role or a user. The schema counts
// characters, but Parse counts bytes.
func nameSchema() object { return object{"minLength": 1, "maxLength": access.MaxName} }

func ref(name string) object { return object{"$ref": "#/definitions/" + name} }

// text returns the schema for a string that is not empty.
func text(description string) object {
	t := object{"type": "string", "minLength": 1}
	if description != "" {
		t["description"] = description
	}
	return t
}

func permissionSchema() object {
	properties := object{
		fieldAccess: object{"description": "The access that is granted.", "enum": access.AccessNames()},
		fieldAll:    object{"description": "Every key.", "const": true},
	}
	oneOf := []object{{"required": []string{fieldAll}}}
	for name, description := range map[string]string{
		fieldKey:    "One key.",
		fieldPrefix: "All keys that begin with this prefix. The prefix /app also covers /app2: end it with the separator, /app/.",
		fieldRange:  "The keys from the first up to the second, without the second.",
		fieldFrom:   "All keys from this one on, in byte order.",
	} {
		properties[name] = keysSchema(name, text(description))
		encoded := text(description + " In base64, for keys that are not text.")
		encoded["contentEncoding"] = "base64"
		properties[name+base64Suffix] = keysSchema(name, encoded)
	}
	for _, name := range keyFields() {
		oneOf = append(oneOf, object{"required": []string{name}}, object{"required": []string{name + base64Suffix}})
	}
	return object{
		"description":          "An access on a set of keys.",
		"type":                 "object",
		"additionalProperties": false,
		"required":             []string{fieldAccess},
		"properties":           properties,
		"oneOf":                oneOf,
	}
}

// keysSchema returns the schema for the field called name. key is the schema for one
// key.
func keysSchema(name string, key object) object {
	if name != fieldRange {
		return key
	}
	description := key["description"]
	delete(key, "description")
	return object{"description": description, "type": "array", "items": key, "minItems": 2, "maxItems": 2}
}

func passwordSchema() object {
	sources := []object{{"description": "No password: the common name of a certificate identifies the user.", "const": string(None)}}
	for _, source := range []struct {
		name  Source
		value object
	}{
		{Env, text("The name of an environment variable.")},
		{File, text("A file, relative to the folder of the policy. Its first line is the password.")},
		{Command, text("A shell command. The first line of its output is the password.")},
		{Generate, object{"description": "Generated when the user is added, and shown once.", "const": true}},
	} {
		sources = append(sources, object{
			"type":                 "object",
			"additionalProperties": false,
			"required":             []string{string(source.name)},
			"properties":           object{string(source.name): source.value},
		})
	}
	return object{"description": "The source of the password. It is required for a user that is added.", "oneOf": sources}
}

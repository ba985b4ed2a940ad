package policy

import "github.com/ectl-io/ectl/internal/access"

// object is a JSON object; encoding/json sorts its members.
type object = map[string]any

// Schema returns the JSON Schema of policy files, in the draft that editors
// know best. What it cannot say, Parse checks: that names are there and occur
// once, and that ranges have keys.
func Schema() any {
	return object{
		"$schema":              "http://json-schema.org/draft-07/schema#",
		"$id":                  SchemaURL,
		"title":                "ectl access policy",
		"description":          "Who may do what in an etcd cluster: read by ectl rbac plan, apply and test, and written by ectl rbac export.",
		"type":                 "object",
		"additionalProperties": false,
		"required":             []string{fieldAPIVersion},
		"properties": object{
			fieldAPIVersion: object{"description": "The version of the format.", "const": APIVersion},
			fieldRoles: object{
				"description":          "The roles by their names, with their permissions. The role root is always there.",
				"type":                 []string{"object", "null"},
				"propertyNames":        nameSchema(),
				"additionalProperties": ref("role"),
			},
			fieldUsers: object{
				"description":          "The users by their names, with their roles.",
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
				"description": "Findings of ectl rbac lint that are known and wanted.",
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
						"description": "The names of its roles: roles of this policy, or root.",
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
					fieldRule:   text("The rule, as lint names it."),
					fieldObject: text("What it was found on, as lint names it."),
					fieldReason: text("Why that is fine."),
				},
			},
		},
	}
}

// nameSchema is that of the name of a role or a user. It counts characters:
// Parse counts bytes.
func nameSchema() object { return object{"minLength": 1, "maxLength": access.MaxName} }

func ref(name string) object { return object{"$ref": "#/definitions/" + name} }

// text is a text that is not empty.
func text(description string) object {
	t := object{"type": "string", "minLength": 1}
	if description != "" {
		t["description"] = description
	}
	return t
}

func permissionSchema() object {
	properties := object{
		fieldAccess: object{"description": "What is allowed.", "enum": access.AccessNames()},
		fieldAll:    object{"description": "Every key.", "const": true},
	}
	oneOf := []object{{"required": []string{fieldAll}}}
	for name, description := range map[string]string{
		fieldKey:    "One key.",
		fieldPrefix: "All keys that begin with it. The prefix /app also covers /app2: end it with the separator, /app/.",
		fieldRange:  "The keys from the first up to the second, without the second.",
		fieldFrom:   "All keys from it on, in byte order.",
	} {
		properties[name] = keysSchema(name, text(description))
		encoded := text(description + " In base64, for keys that are no text.")
		encoded["contentEncoding"] = "base64"
		properties[name+base64Suffix] = keysSchema(name, encoded)
	}
	for _, name := range keyFields() {
		oneOf = append(oneOf, object{"required": []string{name}}, object{"required": []string{name + base64Suffix}})
	}
	return object{
		"description":          "What is allowed on which keys.",
		"type":                 "object",
		"additionalProperties": false,
		"required":             []string{fieldAccess},
		"properties":           properties,
		"oneOf":                oneOf,
	}
}

// keysSchema is that of the field called name, whose keys are each as key says.
func keysSchema(name string, key object) object {
	if name != fieldRange {
		return key
	}
	description := key["description"]
	delete(key, "description")
	return object{"description": description, "type": "array", "items": key, "minItems": 2, "maxItems": 2}
}

func passwordSchema() object {
	sources := []object{{"description": "The user has none: it is known by the common name of its certificate.", "const": string(None)}}
	for _, source := range []struct {
		name  Source
		value object
	}{
		{Env, text("The name of an environment variable.")},
		{File, text("A file, seen from the folder of the policy, whose first line is the password.")},
		{Command, text("A line for the shell. The first line that it prints is the password.")},
		{Generate, object{"description": "Made when the user is added, and shown once.", "const": true}},
	} {
		sources = append(sources, object{
			"type":                 "object",
			"additionalProperties": false,
			"required":             []string{string(source.name)},
			"properties":           object{string(source.name): source.value},
		})
	}
	return object{"description": "Where the password comes from. A user that is added needs to say.", "oneOf": sources}
}

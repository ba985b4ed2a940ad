package e2e

import (
	"encoding/json"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
)

// policySchema is the schema of policy files as it is published.
func policySchema(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	var schema jsonschema.Schema
	if err := json.Unmarshal([]byte(harness.MustRead(t, harness.ProjectFile("docs", "policy.schema.json"))), &schema); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(&jsonschema.ResolveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// fits says what keeps the YAML text from fitting the schema.
func fits(t *testing.T, schema *jsonschema.Resolved, text string) error {
	t.Helper()
	var document any
	if err := yaml.Load([]byte(text), &document); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	// What a JSON schema is about is JSON.
	plain, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	document = nil
	if err := json.Unmarshal(plain, &document); err != nil {
		t.Fatal(err)
	}
	return schema.Validate(document)
}

// TestThePublishedSchemaAgreesWithTheProgram gives the same policies to the
// schema and to the program. Both accept the same, but for what no schema can
// say.
func TestThePublishedSchemaAgreesWithTheProgram(t *testing.T) {
	schema := policySchema(t)
	const head = "apiVersion: ectl/v1\n"
	for _, valid := range []string{
		"",
		"roles:\nusers:\nexpect:\nwaive:",
		"roles: {app: , db: []}\nusers: {bob: , eve: {}, kim: {roles: []}}",
		"roles: {app: [{access: read, key: /a}, {access: write, prefix: /b/}, {access: readwrite, range: [/c, /d]}, {access: read, from: /e}, {access: read, all: true}]}",
		"roles: {app: [{access: read, key_base64: /w==}, {access: write, prefix_base64: YQ==}, {access: readwrite, range_base64: [YQ==, /w==]}, {access: read, from_base64: /w==}]}",
		"users: {a: {password: none}, b: {password: {env: A}}, c: {password: {file: a}}, d: {password: {command: a}}, e: {password: {generate: true}}, f: {roles: [root]}}",
		"users: {bob: }\nexpect: [bob can write prefix /app/, bob cannot read /secrets/a, '\"b o\\\"b\" can readwrite all', ' bob  can read range a b']",
		"waive: [{rule: every-key, object: role app, reason: It is the backup.}]",
	} {
		if err := fits(t, schema, head+valid); err != nil {
			t.Errorf("the schema refuses\n%s\n%v", valid, err)
		}
		if _, err := policy.Parse(policy.Document{Name: "p", Text: []byte(head + valid)}); err != nil {
			t.Errorf("the program refuses\n%s\n%v", valid, err)
		}
	}
	for _, invalid := range []string{
		"role: {}",
		"roles: []",
		"roles: {'': []}",
		"roles: {app: {}}",
		"roles: {app: [read]}",
		"roles: {app: [{access: read}]}",
		"roles: {app: [{key: /a}]}",
		"roles: {app: [{access: reed, key: /a}]}",
		"roles: {app: [{access: read, keys: /a}]}",
		"roles: {app: [{access: read, key: ''}]}",
		"roles: {app: [{access: read, prefix: ''}]}",
		"roles: {app: [{access: read, key: /a, prefix: /b/}]}",
		"roles: {app: [{access: read, key: /a, key_base64: YQ==}]}",
		"roles: {app: [{access: read, range: [/a]}]}",
		"roles: {app: [{access: read, range: /a}]}",
		"roles: {app: [{access: read, all: false}]}",
		"users: {bob: [app]}",
		"users: {bob: {role: app}}",
		"users: {bob: {roles: app}}",
		"users: {bob: {roles: [root, root]}}",
		"users: {bob: {password: hunter2}}",
		"users: {bob: {password: {}}}",
		"users: {bob: {password: {env: A, file: b}}}",
		"users: {bob: {password: {env: ''}}}",
		"users: {bob: {password: {generate: false}}}",
		"users: {bob: {password: {vault: x}}}",
		"expect: bob can read /a",
		"expect: [bob may read /a]",
		"expect: [bob can read]",
		"expect: [{bob: x}]",
		"waive: [{rule: x, object: y}]",
		"waive: [{rule: x, object: y, reason: ''}]",
	} {
		if err := fits(t, schema, head+invalid); err == nil {
			t.Errorf("the schema accepts\n%s", invalid)
		}
		if _, err := policy.Parse(policy.Document{Name: "p", Text: []byte(head + invalid)}); err == nil {
			t.Errorf("the program accepts\n%s", invalid)
		}
	}
	for _, text := range []string{"roles: {}", "apiVersion: ectl/v2"} {
		if err := fits(t, schema, text); err == nil {
			t.Errorf("the schema accepts %q", text)
		}
	}
}

// TestWhatExportWritesFitsTheSchema, and the files of the documentation do.
func TestWhatExportWritesFitsTheSchema(t *testing.T) {
	schema := policySchema(t)
	s := access.NewState()
	s.Roles["app"] = access.Role{Name: "app", Permissions: []access.Permission{
		{Access: access.Read, Range: access.Everything()},
		{Access: access.ReadWrite, Range: access.Range{Key: []byte("/a/"), End: []byte("/a0")}},
		{Access: access.Write, Range: access.Range{Key: []byte("\xff")}},
		{Access: access.Write, Range: access.Range{Key: []byte("\x01"), End: []byte("\xff")}},
		{Access: access.Write, Range: access.Range{Key: []byte("/z"), End: []byte(access.OpenEnd)}},
	}}
	s.Users["bob"] = access.User{Name: "bob", Roles: []string{"app"}}
	s.Users["eve"] = access.User{Name: "eve"}
	for _, state := range []access.State{s, access.NewState()} {
		for _, encode := range []func(access.State) ([]byte, error){policy.YAML, policy.JSON} {
			text, err := encode(state)
			if err != nil {
				t.Fatal(err)
			}
			if err := fits(t, schema, string(text)); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		}
	}
	policies := policiesOf(t, harness.ProjectFile("docs", "guide", "access-as-code.md"))
	for _, text := range policies {
		if err := fits(t, schema, text); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
	if len(policies) == 0 {
		t.Error("the guide has no policy")
	}
}

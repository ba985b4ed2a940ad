package rbac

import (
	"strings"
	"testing"

	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/exit"
)

func TestCanITakesARangeInEveryNotation(t *testing.T) {
	for line, want := range map[string]struct {
		access access.Access
		keys   string
	}{
		"read /a":                   {access.Read, "key /a"},
		"write /a /c":               {access.Write, "[/a, /c)"},
		"readwrite /a/ --prefix":    {access.ReadWrite, "prefix /a/"},
		"--from-key read /a":        {access.Read, "keys from /a"},
		"read = --prefix":           {access.Read, "every key"},
		"read = --from-key":         {access.Read, "every key"},
		"read /a --as bob":          {access.Read, "key /a"},
		"read --live -- -a":         {access.Read, "key -a"},
		"read --quiet /a --prefix=": {access.Read, "key /a"},
	} {
		line = strings.ReplaceAll(line, "--prefix=", "--prefix=0")
		args := strings.Fields(line)
		for i := range args {
			if args[i] == "=" {
				args[i] = "" // an empty word
			}
		}
		t.Run(line, func(t *testing.T) {
			run, got := clitest.New(""), canIOptions{}
			if err := run.Execute(t.Context(), newCanICmd(clitest.Completed(run, &got)), args...); err != nil {
				t.Error(err)
			} else if got.Access != want.access || got.Keys.String() != want.keys {
				t.Errorf("it asks for %s on %s, want %s on %s", got.Access, &got.Keys, want.access, want.keys)
			}
		})
	}
}

func TestWrongQuestionsAreRefusedBeforeAnythingElse(t *testing.T) {
	for line, want := range map[string]struct {
		code exit.Code
		says string
	}{
		"can-i read":                           {exit.BadArgs, "a key"},
		"can-i read a b c":                     {exit.BadArgs, "a key"},
		"can-i execute a":                      {exit.BadArgs, "read, write or readwrite"},
		"can-i read b a":                       {exit.BadArgs, "the range is empty"},
		"can-i read a a":                       {exit.BadArgs, "the range is empty"},
		"can-i read a b --prefix":              {exit.BadArgs, "only one key"},
		"can-i read a --prefix --from-key":     {exit.BadArgs, "choose one"},
		"can-i read a --live --as bob":         {exit.BadArgs, "--live"},
		"can-i read a -w html":                 {exit.BadFeature, "simple, fields, json, protobuf, table, yaml, ndjson, csv"},
		"who-can read":                         {exit.BadArgs, "a key"},
		"who-can execute a":                    {exit.BadArgs, "read, write or readwrite"},
		"who-can read b a":                     {exit.BadArgs, "the range is empty"},
		"who-can read a -w html":               {exit.BadFeature, "markdown"},
		"matrix a b c":                         {exit.BadArgs, "at most a key"},
		"matrix --prefix":                      {exit.BadArgs, "need a key"},
		"matrix b a":                           {exit.BadArgs, "the range is empty"},
		"matrix -w pdf":                        {exit.BadFeature, "csv, markdown, html"},
		"matrix --waivers /nonexistent":        {exit.IO, "/nonexistent"},
		"lint a":                               {exit.BadArgs, "no arguments"},
		"lint --fail-on worst":                 {exit.BadArgs, "high, medium or low"},
		"lint --waivers /nonexistent":          {exit.IO, "/nonexistent"},
		"can-i read a":                         {exit.BadArgs, "no user given"},
		"can-i read a --auth-jwt-token simple": {exit.BadArgs, "does not contain a user name"},
	} {
		t.Run(line, func(t *testing.T) {
			run := clitest.New("")
			err := run.Execute(t.Context(), NewCmd(run.Factory), strings.Fields(line)...)
			if exit.CodeOf(err) != want.code || err == nil || !strings.Contains(err.Error(), want.says) {
				t.Errorf("it fails with %v and status %d, want %q and %d", err, exit.CodeOf(err), want.says, want.code)
			}
		})
	}
	run := clitest.New("")
	if err := run.Execute(t.Context(), NewCmd(run.Factory), "can-i", "read", ""); exit.CodeOf(err) != exit.BadArgs {
		t.Errorf("can-i with an empty key: %v", err)
	}
}

package cli_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/secret"
)

func TestNewPasswordsComeFromTheirSource(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct {
		name   string
		from   cli.NewPassword
		stdin  string
		want   string
		code   exit.Code
		stderr string
	}{
		{name: "in argv", from: cli.NewPassword{Value: "pw", Interactive: true}, want: "pw"},
		{name: "empty in argv, which the server is to judge", from: cli.NewPassword{Given: true, Interactive: true}, want: "", stderr: "the new password of bob is empty"},
		{name: "asked for", from: cli.NewPassword{Interactive: true}, stdin: "pw\npw\n", want: "pw", stderr: "Password of bob: "},
		{name: "asked for, two different", from: cli.NewPassword{Interactive: true}, stdin: "pw\nwp\n", code: exit.BadArgs},
		{name: "asked for, empty", from: cli.NewPassword{Interactive: true}, stdin: "", code: exit.BadArgs},
		{name: "a line of stdin", from: cli.NewPassword{}, stdin: "pass word \nrest", want: "pass word "},
		{name: "an empty stdin", from: cli.NewPassword{}, stdin: "", code: exit.BadArgs},
		{name: "an empty line of stdin", from: cli.NewPassword{}, stdin: "\npw\n", code: exit.BadArgs},
		{name: "an empty line of stdin, allowed", from: cli.NewPassword{AllowEmpty: true}, stdin: "\npw\n", stderr: "the new password of bob is empty"},
		{name: "an empty line of Windows, allowed", from: cli.NewPassword{AllowEmpty: true}, stdin: "\r\n", stderr: "the new password of bob is empty"},
		{name: "an empty stdin, an empty line allowed", from: cli.NewPassword{AllowEmpty: true}, stdin: "", code: exit.BadArgs},
		{name: "asked for, an empty line, allowed elsewhere", from: cli.NewPassword{AllowEmpty: true, Interactive: true}, stdin: "\n\n", code: exit.BadArgs},
		{name: "a file", from: cli.NewPassword{File: file("good", "pw \nrest\n", 0o600)}, want: "pw "},
		{name: "a file that others can read", from: cli.NewPassword{File: file("open", "pw", 0o644)}, want: "pw", stderr: "other users can read"},
		{name: "a file for stdin", from: cli.NewPassword{File: secret.Stdin}, stdin: "pw\nrest", want: "pw"},
		{name: "an empty file", from: cli.NewPassword{File: file("empty", "", 0o600)}, code: exit.BadArgs},
		{name: "no file", from: cli.NewPassword{File: filepath.Join(dir, "none")}, code: exit.BadArgs},
		{name: "a folder", from: cli.NewPassword{File: dir}, code: exit.BadArgs},
	} {
		t.Run(test.name, func(t *testing.T) {
			run := clitest.New(test.stdin)
			got, err := test.from.Read(t.Context(), run.Factory, "bob")
			if got != test.want || exit.CodeOf(err) != test.code {
				t.Errorf("%s: read = %q, %v; want %q and status %d", test.name, got, err, test.want, test.code)
			}
			if !strings.Contains(run.Err.String(), test.stderr) || test.stderr == "" && run.Err.Len() > 0 && test.code == exit.Success {
				t.Errorf("%s: stderr is %q, want %q", test.name, &run.Err, test.stderr)
			}
			if err != nil && strings.Contains(err.Error(), "pw") {
				t.Errorf("%s: the error shows a password: %v", test.name, err)
			}
		})
	}
}

func TestGeneratedPasswordsAreNew(t *testing.T) {
	run := clitest.New("")
	var seen []string
	for range 10 {
		password, err := (&cli.NewPassword{Generate: true, Interactive: true}).Read(t.Context(), run.Factory, "bob")
		if err != nil || len(password) != 26 || slices.Contains(seen, password) {
			t.Fatalf("read = %q, %v; want a new password of 26 characters", password, err)
		}
		seen = append(seen, password)
	}
}

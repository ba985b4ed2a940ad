package outlet

import (
	"context"
	"os"
	"os/exec"
)

// Edit lets the user change a text with an editor, a command for the system's shell. The
// file that the editor gets is in a folder of its own, which only the user can read.
func Edit(ctx context.Context, editor, text string, environ []string, terminal *os.File) (string, error) {
	folder, err := os.MkdirTemp("", "ectl-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := folder + string(os.PathSeparator) + "line"
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", editor+` "$1"`, "sh", path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = terminal, terminal, terminal, environ
	if err := cmd.Run(); err != nil {
		return "", err
	}
	edited, err := os.ReadFile(path)
	return string(edited), err
}

package outlet

import (
	"io"
	"os"
	"os/exec"
)

// Pipeline is a pipe or a redirection that the system's shell executes.
type Pipeline struct {
	cmd *exec.Cmd
	in  *os.File
}

// StartPipeline starts the system's shell for a tail of a command line, such as "| less"
// or "> file".
func StartPipeline(tail string, environ []string, stdout, stderr io.Writer) (*Pipeline, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	cmd := exec.Command("sh", "-c", "cat "+tail) //nolint:noctx // it ends with its input
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = reader, stdout, stderr, environ
	if err := cmd.Start(); err != nil {
		_ = writer.Close()
		return nil, err
	}
	return &Pipeline{cmd, writer}, nil
}

// In returns the input of the pipeline.
func (p *Pipeline) In() *os.File { return p.in }

// Wait ends the input and waits for the pipeline. It returns its exit status.
func (p *Pipeline) Wait() int {
	_ = p.in.Close()
	if err := p.cmd.Wait(); err != nil && p.cmd.ProcessState == nil {
		return 1
	}
	return p.cmd.ProcessState.ExitCode()
}

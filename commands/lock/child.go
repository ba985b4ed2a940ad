package lock

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
)

// child is a command that runs.
type child struct {
	process *os.Process
	ended   <-chan error // gets one: nil, or a failure with the command's status
}

// statusOfKilled is the status of a command that a signal ended, as etcdctl
// passes it on.
const statusOfKilled exit.Code = 255

// start starts a command with variables beside the program's own.
func start(s *iostreams.Streams, command, variables []string) (*child, error) {
	cmd := exec.Command(command[0], command[1:]...) //nolint:noctx // it is told to end before it is killed, see end
	cmd.Env = append(append([]string(nil), s.Environ...), variables...)
	cmd.Stdout, cmd.Stderr = s.Out, s.Err
	cmd.SysProcAttr = attributes()
	started, ended := make(chan error), make(chan error, 1)
	go func() {
		// Where the command is told of the program's death, it is told of the
		// death of the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- failure(command, cmd.Wait())
		}
	}()
	if err := <-started; err != nil {
		return nil, failure(command, err)
	}
	return &child{cmd.Process, ended}, nil
}

// failure gives the error of a command the status to end with.
func failure(command []string, err error) error {
	if err == nil {
		return nil
	}
	failed, ok := errors.AsType[*exec.ExitError](err)
	said := fmt.Errorf("%s: %w", command[0], err)
	switch {
	case !ok:
		return err // says which command itself
	case failed.ExitCode() < 0:
		return exit.With(statusOfKilled, said)
	}
	return exit.With(exit.Code(failed.ExitCode()), said)
}

// end tells the command to end and kills it after grace. What it returns is
// closed when it was killed.
func (c *child) end(grace time.Duration) <-chan struct{} {
	killed := make(chan struct{})
	if grace > 0 {
		c.terminate()
	}
	time.AfterFunc(grace, func() {
		if c.process.Kill() == nil { // it is an error that it has ended
			close(killed)
		}
	})
	return killed
}

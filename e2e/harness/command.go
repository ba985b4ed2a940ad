package harness

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Command is one run of a program.
type Command struct {
	Program string   // path
	Args    []string // without the name of the program
	Env     []string
	Dir     string
	Stdin   string
	// If Terminal is not nil, a pseudo-terminal replaces Stdin. Run waits for each
	// prompt and types the answer.
	Terminal []Answer
	// If AtPrompt is not nil, Run calls it with the process ID after each prompt and
	// before the answer.
	AtPrompt func(pid int)
	// Interrupt sends SIGINT after the first output on stdout.
	Interrupt bool
	// Limit is the time after which the program is killed. Zero means HangTimeout.
	Limit time.Duration
}

// Answer is the text to type after a prompt.
type Answer struct {
	Prompt string
	Typed  string
}

// Result is the outcome of a run.
type Result struct {
	Stdout   string
	Stderr   string
	Terminal string // output of the pseudo-terminal, if there is one
	Status   string // "0", "128" or "killed after 3s"
}

// Run runs a program until it exits. It fails the test if the program cannot be
// started.
func Run(t testing.TB, in Command) Result {
	t.Helper()
	if in.Limit == 0 {
		in.Limit = HangTimeout
	}
	cmd := exec.Command(in.Program, in.Args...)
	cmd.Args[0] = in.Program
	cmd.Dir = in.Dir
	cmd.Env = in.Env

	seen, stdout, stderr := &Output{}, &Output{}, &Output{}
	cmd.Stdout, cmd.Stderr = io.MultiWriter(seen, stdout), io.MultiWriter(seen, stderr)
	cmd.WaitDelay = time.Second

	var terminal *Output
	var answerPrompts, closeTerminal func()
	if in.Terminal == nil {
		cmd.Stdin = strings.NewReader(in.Stdin)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	} else {
		control, tty, err := pty.Open()
		if err != nil {
			t.Fatalf("open a pseudo-terminal: %v", err)
		}
		cmd.Stdin = tty
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
		terminal = &Output{}
		read := make(chan struct{})
		go func() {
			defer close(read)
			_, _ = io.Copy(io.MultiWriter(seen, terminal), control) // ends with EIO after the program has exited
		}()
		closeTerminal = func() {
			tty.Close()
			select {
			case <-read:
			case <-time.After(time.Second):
			}
			control.Close()
		}
		answerPrompts = func() {
			from := 0
			for _, a := range in.Terminal {
				var ok bool
				if from, ok = seen.WaitFor(a.Prompt, from); !ok {
					return
				}
				if in.AtPrompt != nil {
					in.AtPrompt(cmd.Process.Pid)
				}
				if strings.Contains(strings.ToLower(a.Prompt), "password") {
					waitForNoEcho(tty)
				}
				_, _ = control.WriteString(a.Typed)
			}
		}
	}

	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", in.Program, err)
	}
	var answering sync.WaitGroup
	if in.Interrupt {
		answering.Go(func() {
			stdout.wait(func(all []byte) bool { return len(all) > 0 })
			_ = cmd.Process.Signal(syscall.SIGINT)
		})
	}
	if answerPrompts != nil {
		answering.Go(answerPrompts)
	}
	var killed bool
	var mu sync.Mutex
	timer := time.AfterFunc(in.Limit, func() {
		mu.Lock()
		killed = true
		mu.Unlock()
		_ = cmd.Process.Kill()
	})
	err := cmd.Wait()
	timer.Stop()
	seen.End()
	stdout.End()
	answering.Wait()
	r := Result{Stdout: stdout.String(), Stderr: stderr.String()}
	if closeTerminal != nil {
		closeTerminal()
		r.Terminal = terminal.String()
	}
	mu.Lock()
	defer mu.Unlock()
	var exit *exec.ExitError
	switch {
	case killed:
		r.Status = fmt.Sprintf("killed after %s", in.Limit)
	case err == nil:
		r.Status = "0"
	case errors.As(err, &exit):
		r.Status = fmt.Sprint(exit.ExitCode())
	case errors.Is(err, exec.ErrWaitDelay):
		r.Status = fmt.Sprint(cmd.ProcessState.ExitCode())
	default:
		t.Fatalf("run %s: %v", in.Program, err)
	}
	return r
}

// waitForNoEcho waits until the terminal no longer echoes input. A user needs longer to
// type than the program needs to turn off the echo. If the echo stays on, waitForNoEcho
// returns after a timeout. The test then detects the echoed text.
func waitForNoEcho(tty *os.File) {
	const enough = 20 * time.Second
	for end := time.Now().Add(enough); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		state, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
		if err != nil || state.Lflag&unix.ECHO == 0 {
			return
		}
	}
}

// Env returns the environment of every run. Only PATH comes from the caller, so no test
// connects to the developer's own ETCDCTL_ENDPOINTS.
func Env(home string, more ...string) []string {
	return slices.Concat([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + home,
		"TMPDIR=" + home,
		"LANG=C.UTF-8",
	}, CoverageEnv(), more)
}

// CoverageEnv returns the variable with the folder for the records of `make coverage`. The
// program of other runs records nothing, and has no such variable.
func CoverageEnv() []string {
	const folder = "GOCOVERDIR"
	if os.Getenv(folder) == "" {
		return nil
	}
	return []string{folder + "=" + os.Getenv(folder)}
}

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// invocation is one run of a program.
type invocation struct {
	Program string   // path
	Args    []string // without the program's name
	Env     []string
	Dir     string
	Stdin   string
	// Terminal, where it is not empty, replaces Stdin by a pseudo-terminal on
	// which each prompt is waited for and then answered.
	Terminal []answer
	// AtPrompt, where it is not nil, is called with the process id each time a
	// prompt was seen, before it is answered.
	AtPrompt func(pid int)
	// Interrupt sends SIGINT once the program has printed something on stdout.
	Interrupt bool
	// Limit ends the program when it takes longer.
	Limit time.Duration
}

// answer is what a person types after seeing a prompt.
type answer struct {
	Prompt string
	Typed  string
}

// result is what a run left behind.
type result struct {
	Stdout   string
	Stderr   string
	Terminal string // what the terminal showed, where there was one
	Status   string // "0", "128", "killed after 3s"
}

// invoke runs a program to its end. The test fails when the program cannot be
// started or does not prompt for what it was to be answered.
func invoke(t testing.TB, in invocation) result {
	t.Helper()
	if in.Limit == 0 {
		in.Limit = hangs
	}
	cmd := exec.Command(in.Program, in.Args...)
	cmd.Args[0] = in.Program
	cmd.Dir = in.Dir
	cmd.Env = in.Env

	seen := &screen{}
	stdout, stderr := &sink{screen: seen}, &sink{screen: seen}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = time.Second

	var terminal *sink
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
		terminal = &sink{screen: seen}
		read := make(chan struct{})
		go func() {
			defer close(read)
			_, _ = io.Copy(terminal, control) // ends with EIO when the program is gone
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
				if from, ok = seen.waitFor(a.Prompt, from); !ok {
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
			if stdout.waitForAny(seen) {
				_ = cmd.Process.Signal(syscall.SIGINT)
			}
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
	seen.end()
	answering.Wait()
	r := result{Stdout: stdout.String(), Stderr: stderr.String()}
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

// waitForNoEcho waits until a terminal shows nothing of what is typed: a person
// takes longer than the program needs to see to that. A program that shows it is
// typed at, too: that is found where it is seen.
func waitForNoEcho(tty *os.File) {
	const enough = 20 * time.Second
	for end := time.Now().Add(enough); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		state, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
		if err != nil || state.Lflag&unix.ECHO == 0 {
			return
		}
	}
}

// screen is everything that a program has shown so far, on whatever stream.
type screen struct {
	mu    sync.Mutex
	shown bytes.Buffer
	ended bool
}

func (s *screen) write(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown.Write(p)
}

func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
}

// waitFor returns the position after the first occurrence of text at or after
// position from, or false if the program ended without showing it.
func (s *screen) waitFor(text string, from int) (int, bool) {
	for {
		s.mu.Lock()
		i := bytes.Index(s.shown.Bytes()[from:], []byte(text))
		ended := s.ended
		s.mu.Unlock()
		if i >= 0 {
			return from + i + len(text), true
		}
		if ended {
			return 0, false
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// sink collects one stream and shows it on the screen.
type sink struct {
	screen *screen
	mu     sync.Mutex
	data   bytes.Buffer
}

func (s *sink) Write(p []byte) (int, error) {
	s.screen.write(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data.Write(p)
}

// waitForAny returns true as soon as there is any data, and false when the
// program has ended without.
func (s *sink) waitForAny(seen *screen) bool {
	for s.String() == "" {
		seen.mu.Lock()
		ended := seen.ended
		seen.mu.Unlock()
		if ended {
			return false
		}
		time.Sleep(2 * time.Millisecond)
	}
	return true
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data.String()
}

// baseEnv is the environment of every run: nothing of the caller's but PATH, so
// that a developer's own ETCDCTL_ENDPOINTS is never spoken to.
func baseEnv(home string, more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + home,
		"TMPDIR=" + home,
		"LANG=C.UTF-8",
	}, more...)
}

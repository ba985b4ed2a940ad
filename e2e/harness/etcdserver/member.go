package etcdserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// errPortTaken reports that another process has bound one of the member's ports. A
// start with other ports may succeed.
var errPortTaken = errors.New("address already in use")

// Member is one etcd process.
type Member struct {
	Name      string
	ClientURL string
	PeerURL   string

	advertisedPeerURL   string
	advertisedClientURL string
	binary              string
	dir                 string
	args                []string
	env                 []string // replaces the environment of this process, if not nil

	mu     sync.Mutex
	cmd    *exec.Cmd
	done   chan struct{} // closed after the process has exited
	killed bool
}

// PID returns the process ID of the running member, or 0.
func (m *Member) PID() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cmd == nil || m.cmd.Process == nil {
		return 0
	}
	return m.cmd.Process.Pid
}

// LogFile returns the path of the member's log.
func (m *Member) LogFile() string { return filepath.Join(m.dir, m.Name+".log") }

// Kill kills the member and waits until it has exited. Its data remains, so Restart can
// start it again.
func (m *Member) Kill() {
	m.mu.Lock()
	cmd, done := m.cmd, m.done
	m.killed = true
	m.mu.Unlock()
	if cmd == nil {
		return
	}
	select {
	case <-done:
		return
	default:
	}
	m.signal(syscall.SIGKILL)
	<-done
}

// WaitForEnd waits until the process has exited, for any reason. It returns an error if
// ctx ends first.
func (m *Member) WaitForEnd(ctx context.Context) error {
	m.mu.Lock()
	done := m.done
	m.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("member %s runs: %w", m.Name, ctx.Err())
	}
}

// Pause stops the member with SIGSTOP. Its connections stay open, and it does not
// respond.
func (m *Member) Pause() error {
	if err := m.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	// On a busy machine, a thread may still answer a request.
	for deadline := time.Now().Add(time.Minute); !stopped(m.cmd.Process.Pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("member %s does not stop", m.Name)
		}
	}
	return nil
}

// Continue resumes the member after Pause.
func (m *Member) Continue() error { return m.signal(syscall.SIGCONT) }

// Restart starts a killed member again with its data. It returns when the member
// accepts connections.
func (m *Member) Restart(ctx context.Context) error {
	if err := m.start(); err != nil {
		return err
	}
	return m.waitListening(ctx)
}

// Join starts a spare member with the settings from "member add", each in the form
// NAME=VALUE. It returns when the member accepts connections.
func (m *Member) Join(ctx context.Context, settings []string) error {
	m.env = settings
	return m.Restart(ctx)
}

func (m *Member) dataDir() string { return filepath.Join(m.dir, m.Name+".etcd") }

func (m *Member) signal(sig syscall.Signal) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cmd == nil || m.cmd.Process == nil {
		return fmt.Errorf("member %s is not running", m.Name)
	}
	return m.cmd.Process.Signal(sig)
}

func (m *Member) start() error {
	log, err := os.OpenFile(m.LogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(m.binary, m.args...)
	cmd.Stdout, cmd.Stderr, cmd.Env = log, log, m.env
	cmd.SysProcAttr = ownProcessGroup()
	done := make(chan struct{})
	started := make(chan error)
	go func() {
		// The kernel sends the parent-death signal when the thread that forked exits.
		// So this thread must live as long as the server.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // the reason is in the log
		}
		close(done)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	m.mu.Lock()
	m.cmd, m.done, m.killed = cmd, done, false
	m.mu.Unlock()
	return nil
}

// waitListening returns when the client port of the member accepts a connection. After
// a refused connection, gRPC waits for a second. So no gRPC client should connect
// earlier.
func (m *Member) waitListening(ctx context.Context) error {
	address, err := url.Parse(m.ClientURL)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var dialer net.Dialer
	for {
		conn, err := dialer.DialContext(ctx, "tcp", address.Host)
		if err == nil {
			conn.Close()
			// The listener may be another process. In this case, the member is about to
			// exit, and the first request detects this.
			return m.exitError()
		}
		if exited := m.exitError(); exited != nil {
			return exited
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("member %s does not listen: %w\n%s", m.Name, ctx.Err(), m.LogTail())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// exitError returns the reason why the member has exited. It returns nil while the
// member runs, and after Kill.
func (m *Member) exitError() error {
	m.mu.Lock()
	done, killed := m.done, m.killed
	m.mu.Unlock()
	if killed {
		return nil
	}
	select {
	case <-done:
	default:
		return nil
	}
	log, err := os.ReadFile(m.LogFile())
	if err == nil && bytes.Contains(log, []byte("address already in use")) {
		return errPortTaken
	}
	return fmt.Errorf("member %s has exited\n%s", m.Name, m.LogTail())
}

// Log returns what the member has logged.
func (m *Member) Log() (string, error) {
	log, err := os.ReadFile(m.LogFile())
	return string(log), err
}

// LogTail returns the log. If the log has more than 25 lines, it returns the first 5
// and the last 20. If the log cannot be read, it returns the text of the error.
func (m *Member) LogTail() string {
	log, err := os.ReadFile(m.LogFile())
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	if len(lines) > 25 {
		// A usage error is at the beginning of the log, and other errors are at the
		// end.
		lines = append(lines[:5:5], lines[len(lines)-20:]...)
	}
	return string(bytes.Join(lines, []byte("\n")))
}

package harness

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// referenceVersion is the etcdctl that ectl is compared with.
const referenceVersion = "3.7.3"

// programs are folders that hold the two programs under the names that users
// call them by. Either folder can stand in a PATH.
type programs struct {
	ours      string // has ectl, and etcdctl, which is a link to it
	reference string // has the reference as etcdctl
}

// installed is set by Main.
var installed programs

// Ectl is the path of ectl.
func Ectl() string { return filepath.Join(installed.ours, "ectl") }

// EctlAsEtcdctl is the path of ectl under the name etcdctl.
func EctlAsEtcdctl() string { return filepath.Join(installed.ours, "etcdctl") }

// Etcdctl is the path of the reference, the real etcdctl.
func Etcdctl() string { return filepath.Join(installed.reference, "etcdctl") }

// EctlFolder has ectl under both names, for a PATH.
func EctlFolder() string { return installed.ours }

// Main installs the programs, runs the tests and returns the exit status. TestMain
// calls it, in the folder of package e2e.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ectl-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	installed, err = install(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "set up the programs under test:", err)
		return 1
	}
	if signal.Ignored(syscall.SIGHUP) {
		// The suite runs under nohup. A child of a process that has a handler of its own
		// begins with the default again.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	return m.Run()
}

// install puts the programs under dir. Ours is copied, so that a build that
// runs at the same time does not change the program in the middle of a test.
func install(dir string) (programs, error) {
	p := programs{ours: filepath.Join(dir, "ours"), reference: filepath.Join(dir, "reference")}
	for _, d := range []string{p.ours, p.reference} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return p, err
		}
	}
	binary := os.Getenv("ECTL_BIN")
	if binary == "" {
		binary = filepath.Join("..", "bin", "ectl")
	}
	if err := copyProgram(binary, filepath.Join(p.ours, "ectl")); err != nil {
		return p, fmt.Errorf("ectl is not built (make build): %w", err)
	}
	if err := os.Symlink("ectl", filepath.Join(p.ours, "etcdctl")); err != nil {
		return p, err
	}
	reference, err := filepath.Abs(filepath.Join(etcdserver.CacheDir(), "etcdctl-"+referenceVersion))
	if err != nil {
		return p, err
	}
	if _, err := os.Stat(reference); err != nil {
		return p, fmt.Errorf("the reference is not built (make servers): %w", err)
	}
	return p, os.Symlink(reference, filepath.Join(p.reference, "etcdctl"))
}

func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// BothPrograms calls run for the reference and for ectl under the name etcdctl, and
// returns both results for comparison.
func BothPrograms(t *testing.T, run func(t *testing.T, program string) string) (reference, ours string) {
	t.Helper()
	return run(t, Etcdctl()), run(t, EctlAsEtcdctl())
}

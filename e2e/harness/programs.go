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

// referenceVersion is the version of etcdctl for comparison with ectl.
const referenceVersion = "3.7.3"

// programs holds the folders of the two programs. In these folders, the programs have
// the names that users call. Each folder can be part of PATH.
type programs struct {
	ours      string // contains ectl, and etcdctl as a link to it
	reference string // contains the reference etcdctl
}

// installed holds the programs of this run. Main sets it.
var installed programs

// Ectl returns the path of ectl.
func Ectl() string { return filepath.Join(installed.ours, "ectl") }

// EctlAsEtcdctl returns the path of ectl under the name etcdctl.
func EctlAsEtcdctl() string { return filepath.Join(installed.ours, "etcdctl") }

// Etcdctl returns the path of the reference, the real etcdctl.
func Etcdctl() string { return filepath.Join(installed.reference, "etcdctl") }

// EctlFolder returns the folder that contains ectl under both names, for PATH.
func EctlFolder() string { return installed.ours }

// Main installs the programs, runs the tests and returns the exit status. TestMain
// calls it in the folder of package e2e.
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
		// The test suite runs under nohup. With a handler in this process, SIGHUP has
		// its default action in child processes.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	return m.Run()
}

// install puts the programs into dir. It copies ectl, so that a concurrent build does
// not change the program during a test.
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

package e2e

import (
	"crypto/tls"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

// "user get-cert" is killed in place of each system call that changes a file. The
// key and the certificate are a pair after the next run, which finds nothing in
// its way and leaves nothing of the killed one.
func TestAKilledGetCertIsFinishedOrUndoneByTheNextRun(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
	authority, err := testpki.NewAuthority(t.TempDir(), "authority")
	if err != nil {
		t.Fatal(err)
	}
	ectl := func(folder string, args ...string) *exec.Cmd {
		cmd := exec.Command(harness.Ectl(), args...)
		cmd.Dir, cmd.Env = folder, harness.Env(folder, "ETCDCTL_ENDPOINTS="+server.Endpoint())
		return cmd
	}
	getCert := func(folder string, more ...string) *exec.Cmd {
		return ectl(folder, append([]string{"user", "get-cert", "app", "--out-file", "app.crt", "--out-key-file", "app.key",
			"--ca-cert", authority.CertFile(), "--ca-key", authority.KeyFile()}, more...)...)
	}
	must := func(cmd *exec.Cmd) {
		t.Helper()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", cmd.Args, err, out)
		}
	}
	must(ectl(t.TempDir(), "user", "add", "app", "--no-password"))

	// Each of these is a folder before the run, the options of it, and what the
	// folder has after the next run.
	for name, c := range map[string]struct {
		prepare func(folder string)
		options string
		want    string
		exists  bool // key and certificate, at any time
	}{
		"new files": {func(string) {}, "--ttl 12h", "app.crt app.key", false},
		"renewed": {func(folder string) {
			must(getCert(folder, "--ttl", "2h"))
			if err := os.Chmod(filepath.Join(folder, "app.key"), 0o440); err != nil {
				t.Fatal(err)
			}
			if os.Geteuid() == 0 { // others cannot give files away
				if err := os.Chown(filepath.Join(folder, "app.key"), 12345, 12346); err != nil {
					t.Fatal(err)
				}
			}
		}, "--ttl 12h --renew-before 3h", "app.crt app.key", true},
		"renewed through links": {func(folder string) {
			must(getCert(folder, "--ttl", "2h"))
			for _, file := range []string{"app.crt", "app.key"} {
				if err := os.MkdirAll(filepath.Join(folder, "real"), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(filepath.Join(folder, file), filepath.Join(folder, "real", file)); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(filepath.Join("real", file), filepath.Join(folder, file)); err != nil {
					t.Fatal(err)
				}
			}
		}, "--ttl 12h --renew-before 3h", "app.crt app.key real real/app.crt real/app.key", true},
	} {
		t.Run(name, func(t *testing.T) {
			for n := 1; ; n++ {
				folder := t.TempDir()
				c.prepare(folder)
				before := modes(t, folder)
				made, ended := killAt(t, getCert(folder, strings.Fields(c.options)...), n)
				if ended {
					if made < 15 {
						t.Errorf("the run makes %d calls that change files: are they still counted?", made)
					}
					t.Logf("killed at %d calls", n-1)
					return
				}
				if now := modes(t, folder); c.exists && (now["app.key"] != before["app.key"] || now["app.crt"] != before["app.crt"]) {
					t.Errorf("killed at call %d it leaves %v, before there were %v", n, now, before)
				}
				next := getCert(folder, strings.Fields(c.options)...)
				if out, err := next.CombinedOutput(); err != nil && (c.exists || !strings.Contains(string(out), "both are now complete") && !strings.Contains(string(out), "already exists")) {
					t.Errorf("killed at call %d, the next run ends with %v: %s", n, err, out)
				}
				if _, err := tls.LoadX509KeyPair(filepath.Join(folder, "app.crt"), filepath.Join(folder, "app.key")); err != nil {
					t.Errorf("killed at call %d, after the next run: %v", n, err)
				}
				after := modes(t, folder)
				if got := strings.Join(slices.Sorted(maps.Keys(after)), " "); got != c.want {
					t.Errorf("killed at call %d, the next run leaves %s, want %s", n, got, c.want)
				}
				for file, mode := range before {
					if after[file] != mode {
						t.Errorf("killed at call %d, the next run makes %s of %s, which was %s", n, after[file], file, mode)
					}
				}
				if t.Failed() {
					return
				}
			}
		})
	}
}

// modes are the files of a folder, with their kind, mode, owner and links.
func modes(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	if err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		link, _ := os.Readlink(path)
		owner := info.Sys().(*syscall.Stat_t)
		all[name] = strings.Join([]string{info.Mode().String(), strconv.Itoa(int(owner.Uid)), strconv.Itoa(int(owner.Gid)), link}, " ")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

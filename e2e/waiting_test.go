package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// TestOneSignalEndsAWaitForAFile names a pipe wherever a file can be named. In
// one run it has no writer, so that it cannot be opened; in the other a writer
// that writes nothing.
func TestOneSignalEndsAWaitForAFile(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t, etcdserver.Options{})
	f := harness.NewCertificates(t, t.TempDir())
	ca, bob := f.CA.CertFile(), f.Clients["bob"]
	for _, args := range []string{
		"--user root --password-file PIPE get k",
		"--auth-jwt-token-file PIPE get k",
		"--cacert PIPE get k",
		"--cert PIPE --key " + bob.KeyFile + " get k",
		"--cert " + bob.CertFile + " --key PIPE get k",
		"user add bob --new-user-password-file PIPE",
		"user passwd bob --new-user-password-file PIPE",
		"user check-password bob --user-password-file PIPE",
		"user get-cert bob --csr PIPE --ca-cert " + ca + " --ca-key k.pem --out-file b.pem",
		"user get-cert bob --ca-cert PIPE --ca-key k.pem --out-file b.pem --out-key-file bk.pem",
		"user get-cert bob --ca-cert " + ca + " --ca-key PIPE --out-file b.pem --out-key-file bk.pem",
		"user get-cert bob --ca-cert " + ca + " --ca-key k.pem --out-file PIPE --out-key-file bk.pem --renew-before 1h",
		"auth bootstrap --new-user-password-file PIPE",
		"auth bootstrap -f PIPE --yes",
		"rbac plan -f PIPE",
		"rbac plan -f FOLDER",
		"rbac apply --yes -f PIPE",
		"rbac test -f PIPE",
		"rbac lint -f PIPE",
		"rbac lint --waivers PIPE",
		"make-mirror " + server.Endpoint() + " --dest-user root --dest-password-file PIPE",
		"make-mirror " + server.Endpoint() + " --dest-cacert PIPE",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			for _, written := range []bool{false, true} {
				dir := t.TempDir()
				folder := filepath.Join(dir, "folder")
				pipe := filepath.Join(folder, "pipe.yaml")
				if err := os.Mkdir(folder, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := syscall.Mkfifo(pipe, 0o600); err != nil {
					t.Fatal(err)
				}
				args := strings.NewReplacer("PIPE", pipe, "FOLDER", folder).Replace(args)
				r := harness.StartIn(t, harness.Ectl(), dir, []string{"ETCDCTL_ENDPOINTS=" + server.Endpoint()}, strings.Fields(args)...)
				sent := syscall.SIGTERM
				if written {
					sent = syscall.SIGINT
					defer heldOpen(t, r, pipe).Close()
				} else {
					harness.WaitUntil(t, "the pipe is opened", func() bool { return waitsIn(r, "wait_for_partner") || r.HasEnded() })
				}
				r.MustRun()
				if end := r.Signal(sent).End(); end != "signal "+sent.String() {
					t.Errorf("with a writer: %t: after %s it ends with %s, and says %q", written, sent, end, r.Stderr)
				}
			}
		})
	}
}

// heldOpen opens the pipe for writing as soon as the program has opened it for
// reading.
func heldOpen(t *testing.T, r *harness.Process, pipe string) *os.File {
	t.Helper()
	var writer *os.File
	harness.WaitUntil(t, "the pipe is read", func() bool {
		var err error
		writer, err = os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		return err == nil || r.HasEnded()
	})
	r.MustRun()
	return writer
}

// waitsIn says whether a thread of the program waits in a function of the kernel.
// Where the kernel does not tell, it is taken for true.
func waitsIn(r *harness.Process, function string) bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/wchan", r.Cmd.Process.Pid))
	told := false
	for _, task := range tasks {
		where, err := os.ReadFile(task)
		if err != nil {
			continue
		}
		if strings.Contains(string(where), function) {
			return true
		}
		told = told || string(where) != "0" && len(where) > 0
	}
	return !told && len(tasks) > 0
}

// A password may come from a command of the shell, and so may an authority, which
// is read only once. etcdctl takes --cacert so.
func TestWhatAProcessSubstitutionGivesIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := harness.NewCertificates(t, dir)
	server := harness.StartServer(t, etcdserver.Options{TLS: f.CA, ClientCertAuth: true})
	line := `PROGRAM --endpoints ` + server.Endpoint() + ` --cacert <(cat ` + f.CA.CertFile() + `) ` +
		`--cert ` + f.Clients["noname"].CertFile + ` --key ` + f.Clients["noname"].KeyFile + ` put k v`
	reference, own := harness.BothPrograms(t, func(t *testing.T, program string) string {
		t.Helper()
		r := harness.Run(t, harness.Command{Program: "bash", Args: []string{"-c", strings.ReplaceAll(line, "PROGRAM", program)}, Env: harness.Env(dir), Dir: dir})
		return r.Stdout + r.Status
	})
	if own != reference || own != "OK\n0" {
		t.Errorf("with --cacert <(...) ours ends with %q, the reference with %q", own, reference)
	}
	piped := strings.NewReplacer("PROGRAM", harness.Ectl(), f.Clients["noname"].CertFile, "<(cat "+f.Clients["noname"].CertFile+")",
		f.Clients["noname"].KeyFile, "<(cat "+f.Clients["noname"].KeyFile+")").Replace(line)
	r := harness.Run(t, harness.Command{Program: "bash", Args: []string{"-c", piped}, Env: harness.Env(dir), Dir: dir})
	if r.Stdout != "OK\n" || r.Status != "0" {
		t.Errorf("%s: %+v", piped, r)
	}
	begun := harness.StartCommand(t, exec.Command("bash", "-c", `exec `+harness.Ectl()+` --user root --password-file <(exec sleep 1000) get k`), nil)
	harness.WaitUntil(t, "the pipe is read", func() bool { return waitsIn(begun, "pipe_read") })
	begun.Signal(syscall.SIGTERM).WantEnd("signal terminated")
}

// A signal ends a command that the program waits for, with all that it has
// started: here a process that keeps the command's output open.
func TestOneSignalEndsAWaitForACommand(t *testing.T) {
	t.Parallel()
	server := harness.StartServer(t, etcdserver.Options{})
	r := harness.Run(t, harness.Command{Program: harness.Ectl(), Args: []string{"put", "k", "v"}, Env: harness.Env(t.TempDir(), "ETCDCTL_ENDPOINTS="+server.Endpoint())})
	if r.Status != "0" {
		t.Fatal(r)
	}
	for name, test := range map[string]struct{ args, script string }{
		"a policy's command":               {"rbac apply --yes -f policy.yaml", "echo $$ >pid.new; mv pid.new pid; exec sleep 1000"},
		"what it has started":              {"rbac apply --yes -f policy.yaml", "sleep 1000 & echo $! >pid.new; mv pid.new pid; wait"},
		"what it has left behind":          {"rbac apply --yes -f policy.yaml", "sleep 1000 & echo $! >pid.new; mv pid.new pid"},
		"a watch's command has started it": {"watch k --rev 1 --prefix -- sh script", "sleep 1000 & echo $! >pid.new; mv pid.new pid; wait"},
	} {
		for _, sent := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(name+"/"+sent.String(), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				policy := "apiVersion: ectl/v1\nusers:\n  bob: {password: {command: sh script}}\n"
				for file, content := range map[string]string{"policy.yaml": policy, "script": test.script} {
					if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				r := harness.StartIn(t, harness.Ectl(), dir, []string{"ETCDCTL_ENDPOINTS=" + server.Endpoint()}, strings.Fields(test.args)...)
				var pid int
				harness.WaitUntil(t, "the command runs", func() bool {
					content, _ := os.ReadFile(filepath.Join(dir, "pid"))
					_, err := fmt.Sscan(string(content), &pid)
					return err == nil || r.HasEnded()
				})
				r.MustRun()
				r.Signal(sent).WantEnd("signal " + sent.String())
				if err := syscall.Kill(pid, 0); err == nil {
					// It may be a zombie for a moment, until init takes notice.
					harness.WaitUntil(t, "what the command has started ends", func() bool { return syscall.Kill(pid, 0) != nil || isZombie(pid) })
				}
			})
		}
	}
}

func isZombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

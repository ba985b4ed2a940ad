package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// maxPeak is what a program takes that reads as much as it may, in bytes: of a
// policy of 16 MiB some 300 MiB, of a value of 64 MiB some 200 MiB.
const maxPeak = 640 << 20

// What has no end, or grows without end, is refused with its limit and in bounded
// memory.
func TestWhatHasNoEndTakesBoundedMemory(t *testing.T) {
	server := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir()})
	secured := harness.StartServer(t, etcdserver.Options{Dir: t.TempDir(), RootPassword: harness.RootPassword})
	f := harness.NewCertificates(t, t.TempDir())
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	const head = "apiVersion: ectl/v1\n"
	var billion, nested strings.Builder
	fmt.Fprint(&billion, head+"roles:\n  r: &r\n")
	for i := range 1000 {
		fmt.Fprintf(&billion, "    - {access: read, key: /%d}\n", i)
	}
	for i := range 100_000 {
		fmt.Fprintf(&billion, "  r%d: *r\n", i)
	}
	for i := range 26 {
		fmt.Fprintf(&nested, "%sa%d: &a%d [%s]\n", map[bool]string{true: head}[i == 0], i, i, strings.Repeat(fmt.Sprintf("*a%d, ", max(i-1, 0)), 10))
	}
	many := strings.Repeat("[],", 8<<20/3)
	folder := filepath.Dir(write("folder/1.yaml", head+"# "+strings.Repeat("x", 9<<20)))
	write("folder/2.yaml", head+"# "+strings.Repeat("x", 9<<20))
	password := func(source string) string {
		return write("password-"+strings.NewReplacer(" ", "-", "/", "-", ":", "").Replace(source)+".yaml", head+"users: {bob: {password: {"+source+"}}}\n")
	}
	long := strings.Repeat("x", 4<<20)
	const zero = "/dev/zero"
	for _, test := range []struct {
		args   []string
		stdin  string // a file
		stderr string
	}{
		{words("get k --user root --password-file /dev/zero"), "", "64 KiB"},
		{words("get k --user root --password-file -"), zero, "64 KiB"},
		{words("get k --user root"), zero, "64 KiB"},
		{words("get k --auth-jwt-token-file /dev/zero"), "", "64 KiB"},
		{words("user add a"), zero, "64 KiB"},
		{words("user add a --interactive=false"), zero, "64 KiB"},
		{words("user add a --new-user-password-file /dev/zero"), "", "64 KiB"},
		{words("user passwd root --interactive=false"), zero, "64 KiB"},
		{words("user check-password root --interactive=false"), zero, "64 KiB"},
		{words("user check-password root --user-password-file -"), zero, "64 KiB"},
		{words("auth bootstrap --interactive=false"), zero, "64 KiB"},
		{words("get k --cacert /dev/zero"), "", "16 MiB"},
		{words("get k --cert /dev/zero --key /dev/zero"), "", "16 MiB"},
		{words("user get-cert a --out-file a.crt --out-key-file a.key --ca-key " + f.CA.KeyFile() + " --ca-cert /dev/zero"), "", "16 MiB"},
		{words("user get-cert a --out-file a.crt --out-key-file a.key --ca-key /dev/zero --ca-cert " + f.CA.CertFile()), "", "64 KiB"},
		{words("user get-cert a --out-file a.crt --csr /dev/zero --ca-key " + f.CA.KeyFile() + " --ca-cert " + f.CA.CertFile()), "", "64 KiB"},
		{words("put k"), zero, "64 MiB"},
		{words("txn"), zero, "16 MiB"},
		{words("txn -i=false"), write("compares", strings.Repeat("mod(\"k\") > \"0\"\n", 200_000)), "100000 lines"},
		{words("watch -i"), zero, "16 MiB"},
		{words("make-mirror --checkpoint /dev/zero " + secured.Endpoint()), "", "--checkpoint"},

		{words("rbac test -f -"), zero, "16 MiB"},
		{words("rbac test -f /dev/zero"), "", "16 MiB"},
		{words("rbac plan -f /dev/zero"), "", "16 MiB"},
		{words("rbac apply --yes -f /dev/zero"), "", "16 MiB"},
		{words("rbac lint -f /dev/zero"), "", "16 MiB"},
		{words("rbac lint --waivers /dev/zero"), "", "16 MiB"},
		{words("rbac matrix --waivers /dev/zero"), "", "16 MiB"},
		{words("auth bootstrap --generate-password --yes -f /dev/zero"), "", "16 MiB"},
		{words("rbac test -f " + folder), "", "16 MiB"},
		{words("rbac test -f " + write("billion.yaml", billion.String())), "", "1000000 values"},
		{words("rbac test -f " + write("nested.yaml", nested.String())), "", "problems"},
		{words("rbac test -f " + write("many.yaml", head+"roles: {r: ["+many+"]}\n")), "", "the limit is 1000000"},
		{words("rbac test -f " + write("allowed.yaml", head+"roles: {r: ["+strings.Repeat("a,", 900_000)+"]}\n")), "", "and 899950 more"},
		{words("rbac test -f " + write("deep.yaml", head+"roles: "+strings.Repeat("[", 1<<19))), "", "deeper than the limit of 50"},
		{words("rbac test -f " + write("steps.yaml", head+"roles: "+strings.Repeat("- ", 1<<19))), "", "steps.yaml:"},
		{words("rbac test -f " + write("scalar.yaml", head+"roles: {r: [{access: &s "+long+", key: *s}"+strings.Repeat(", {access: *s}", 50_000)+"]}\n")), "", "16 MiB"},
		{words("rbac test -f " + write("long.yaml", head+"roles: {"+long+": [{access: read, key: "+long+"}]}\n")), "", "bytes"},
		{words("rbac test -f " + write("comments.yaml", head+strings.Repeat("# x\n", 4<<20))), "", "16 MiB"},

		{words("rbac apply --yes -f " + password("file: /dev/zero")), "", "64 KiB"},
		{words("rbac apply --yes -f " + password("command: yes")), "", "more than 65536 bytes"},
		{words("rbac apply --yes -f " + password("command: cat /dev/zero")), "", "more than 65536 bytes"},
	} {
		t.Run(strings.ReplaceAll(strings.Join(test.args, " "), dir+"/", ""), func(t *testing.T) {
			endpoint := server.Endpoint()
			if strings.HasPrefix(strings.Join(test.args, " "), "user passwd") || strings.HasPrefix(strings.Join(test.args, " "), "user check-password") {
				endpoint = secured.Endpoint()
			}
			var stdin *os.File
			if test.stdin != "" {
				var err error
				if stdin, err = os.Open(test.stdin); err != nil {
					t.Fatal(err)
				}
				defer stdin.Close()
			}
			got := measure(t, stdin, []string{"ETCDCTL_ENDPOINTS=" + endpoint}, test.args...)
			if got.Status == "status 0" || strings.HasPrefix(got.Status, "signal") || !strings.Contains(got.Stderr, test.stderr) || got.Memory > maxPeak || len(got.Stderr) > 20_000 {
				t.Errorf("it ended with %s, %d MiB, stderr of %d bytes: %s; want %q", got.Status, got.Memory>>20, len(got.Stderr), got.Stderr[:min(len(got.Stderr), 1000)], test.stderr)
			}
			t.Logf("%d MiB, %s", got.Memory>>20, got.CPU)
		})
	}
}

package e2e

import (
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
	"github.com/ectl-io/ectl/e2e/harness/testpki"
)

// node is a control plane node of Kubernetes, as kubeadm makes it: the certificates below
// /etc/kubernetes, the manifest of etcd, and this etcd. A page that is typed there sees them
// in a mount namespace of its own, in which /usr/local/bin and /var/lib are empty.
type node struct {
	unshare []string // starts a command in the namespace
	prepare string   // shell commands that come before those of the page
}

// newNode returns a node with an etcd that listens on an address. The page is typed in the
// folder of ectl, from where the etcd comes. It skips the test if the machine
// permits no mount namespace: other users than root may need its permission.
func newNode(t *testing.T, address string) *node {
	t.Helper()
	n := &node{unshare: []string{"unshare", "--mount"}}
	if exec.CommandContext(t.Context(), n.unshare[0], append(n.unshare[1:], "true")...).Run() != nil {
		n.unshare = append(n.unshare, "--user", "--map-root-user")
		if out, err := exec.CommandContext(t.Context(), n.unshare[0], append(n.unshare[1:], "true")...).CombinedOutput(); err != nil {
			t.Skipf("no mount namespace is permitted: %v: %s", err, out)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// etc has links to what the machine has in /etc, and kubernetes.
	folder := t.TempDir()
	for _, name := range []string{"machine", "etc", "bin", "lib"} {
		must(os.Mkdir(filepath.Join(folder, name), 0o755))
	}
	entries, err := os.ReadDir("/etc")
	must(err)
	for _, entry := range entries {
		if entry.Name() != "kubernetes" {
			must(os.Symlink(filepath.Join(folder, "machine", entry.Name()), filepath.Join(folder, "etc", entry.Name())))
		}
	}
	pki := filepath.Join(folder, "etc", "kubernetes", "pki", "etcd")
	manifests := filepath.Join(folder, "etc", "kubernetes", "manifests")
	must(os.MkdirAll(pki, 0o755))
	must(os.MkdirAll(manifests, 0o700))

	ca, err := testpki.NewAuthority(pki, "ca")
	must(err)
	server, err := ca.Issue("server", "node1", []string{"127.0.0.1", "localhost", "node1"}, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth)
	must(err)
	client, err := ca.Client("healthcheck-client", "kube-etcd-healthcheck-client")
	must(err)
	for name, file := range map[string]string{
		"ca.crt": ca.CertFile(), "ca.key": ca.KeyFile(), "server.crt": server.CertFile, "server.key": server.KeyFile,
		"healthcheck-client.crt": client.CertFile, "healthcheck-client.key": client.KeyFile,
	} {
		must(os.Rename(file, filepath.Join(pki, name)))
	}

	flags := []string{
		"--advertise-client-urls=https://" + address,
		"--cert-file=/etc/kubernetes/pki/etcd/server.crt",
		"--client-cert-auth=true",
		"--data-dir=/var/lib/etcd",
		"--key-file=/etc/kubernetes/pki/etcd/server.key",
		"--listen-client-urls=https://" + address,
		"--listen-peer-urls=http://127.0.0.1:0",
		"--name=node1",
		"--trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt",
	}
	manifest := "apiVersion: v1\nkind: Pod\nmetadata: {name: etcd, namespace: kube-system}\nspec:\n  containers:\n  - command:\n    - " +
		strings.Join(append([]string{"etcd"}, flags...), "\n    - ") + "\n    name: etcd\n    volumeMounts:\n" +
		"    - {mountPath: /var/lib/etcd, name: etcd-data}\n    - {mountPath: /etc/kubernetes/pki/etcd, name: etcd-certs}\n  volumes:\n" +
		"  - {hostPath: {path: /etc/kubernetes/pki/etcd, type: DirectoryOrCreate}, name: etcd-certs}\n" +
		"  - {hostPath: {path: /var/lib/etcd, type: DirectoryOrCreate}, name: etcd-data}\n"
	must(os.WriteFile(filepath.Join(manifests, "etcd.yaml"), []byte(manifest), 0o600))

	n.prepare = fmt.Sprintf(`set -e
mount --bind /etc '%[1]s/machine'
mount --bind '%[1]s/etc' /etc
mount --bind '%[1]s/bin' /usr/local/bin
mount --bind '%[1]s/lib' /var/lib
set +e
.cache/etcd-%[2]s %[3]s > '%[1]s/log' 2>&1 &
until grep -qs 'ready to serve client requests' '%[1]s/log'; do
	kill -0 $! || { cat '%[1]s/log'; exit 1; }
	sleep 0.05
done
`, folder, etcdserver.Latest, strings.Join(flags, " "))
	return n
}

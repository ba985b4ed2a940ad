package etcd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ectl-io/ectl/internal/exit"
)

// pair is a self-signed certificate and its key, in PEM.
type pair struct{ cert, key []byte }

func newPair(t *testing.T, name string, from, to time.Time) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
}

func TestTLSFilesAreCheckedBeforeAnythingIsDialled(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	good := newPair(t, "bob", now.Add(-day), now.Add(day))
	other := newPair(t, "eve", now.Add(-day), now.Add(day))
	expired := newPair(t, "old", now.Add(-3*day), now.Add(-day))
	early := newPair(t, "new", now.Add(day), now.Add(3*day))
	dir := t.TempDir()
	write := func(name string, parts ...[]byte) string {
		var all []byte
		for _, part := range parts {
			all = append(all, part...)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, all, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert, key := write("cert.pem", good.cert), write("key.pem", good.key)
	garbage := write("garbage.pem", []byte("not PEM at all"))
	damaged := write("damaged.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("no DER")}))
	badKey := write("badkey.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("no DER")}))
	oldCert, oldKey := write("old.pem", expired.cert), write("oldkey.pem", expired.key)
	newCert, newKey := write("new.pem", early.cert), write("newkey.pem", early.key)
	none := filepath.Join(dir, "none.pem")
	for _, test := range []struct {
		name    string
		options Options
		says    []string // nothing: the files are good
	}{
		{"no files", Options{}, nil},
		{"a good pair", Options{Cert: cert, Key: key}, nil},
		{"a good pair and its authority", Options{Cert: cert, Key: key, CACert: cert}, nil},
		{"a chain behind the certificate, one of it expired", Options{Cert: write("chain.pem", good.cert, expired.cert), Key: key}, nil},
		{"certificate and key in one file", Options{Cert: write("both.pem", good.key, good.cert), Key: filepath.Join(dir, "both.pem")}, nil},
		{"a bundle with an expired authority first", Options{CACert: write("bundle.pem", expired.cert, good.cert)}, nil},
		{"a bundle with text around it", Options{CACert: write("text.pem", []byte("# authority\n"), good.cert, []byte("\n# end\n"))}, nil},

		{"a certificate without key", Options{Cert: cert}, []string{"--cert " + cert, "--key"}},
		{"a key without certificate", Options{Key: key}, []string{"--key " + key, "--cert"}},
		{"no certificate file", Options{Cert: none, Key: key}, []string{"--cert", none, "no such file"}},
		{"no key file", Options{Cert: cert, Key: none}, []string{"--key", none, "no such file"}},
		{"no authority file", Options{CACert: none}, []string{"--cacert", none, "no such file"}},
		{"a folder as authority", Options{CACert: dir}, []string{"--cacert", dir, "is a directory"}},
		{"garbage as certificate", Options{Cert: garbage, Key: key}, []string{"--cert " + garbage, "no PEM certificate"}},
		{"garbage as key", Options{Cert: cert, Key: garbage}, []string{"--key " + garbage, "no PEM private key"}},
		{"garbage as authority", Options{CACert: garbage}, []string{"--cacert " + garbage, "no PEM certificate"}},
		{"an empty authority file", Options{CACert: write("empty.pem")}, []string{"--cacert", "no PEM certificate"}},
		{"a key as authority", Options{CACert: key}, []string{"--cacert " + key, "no PEM certificate"}},
		{"a damaged certificate", Options{Cert: damaged, Key: key}, []string{"--cert " + damaged, "x509"}},
		{"a damaged authority", Options{CACert: damaged}, []string{"--cacert " + damaged, "x509"}},
		{"a damaged key", Options{Cert: cert, Key: badKey}, []string{badKey}},
		{"the key of another certificate", Options{Cert: cert, Key: write("other.pem", other.key)}, []string{"--cert " + cert, "other.pem", "are not a pair"}},
		{"the certificate as key", Options{Cert: cert, Key: cert}, []string{"--key " + cert}},
		{"an expired certificate", Options{Cert: oldCert, Key: oldKey}, []string{"--cert " + oldCert, `"old"`, "expired at 2026-05-31"}},
		{"an expired authority", Options{CACert: oldCert}, []string{"--cacert " + oldCert, `"old"`, "expired at 2026-05-31"}},
		{"a certificate of tomorrow", Options{Cert: newCert, Key: newKey}, []string{"--cert " + newCert, `"new"`, "not valid before 2026-06-02", "clock"}},
		{"an authority of tomorrow", Options{CACert: newCert}, []string{"--cacert " + newCert, "not valid before 2026-06-02"}},
		{"two bad files", Options{CACert: none, Cert: garbage, Key: key}, []string{"--cacert", none, "--cert " + garbage}},
	} {
		err := test.options.checkTLSFiles(t.Context(), now)
		if len(test.says) == 0 {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		if exit.CodeOf(err) != exit.BadArgs {
			t.Errorf("%s: %v with status %d, want status %d", test.name, err, exit.CodeOf(err), exit.BadArgs)
			continue
		}
		for _, says := range test.says {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%s: the error %q says nothing of %q", test.name, err, says)
			}
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error has more than one line: %q", test.name, err)
		}
	}
}

// Root may read everything, so the mode of a file stops only other users.
func TestAnUnreadableFileIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret.pem")
	if err := os.WriteFile(path, newPair(t, "bob", time.Now().Add(-time.Hour), time.Now().Add(time.Hour)).cert, 0o000); err != nil {
		t.Fatal(err)
	}
	err := (&Options{CACert: path}).checkTLSFiles(t.Context(), time.Now())
	if os.Geteuid() == 0 {
		if err != nil {
			t.Errorf("root reads every file, and the check says %v", err)
		}
		return
	}
	if exit.CodeOf(err) != exit.BadArgs || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a file that cannot be read: %v, want its name and why", err)
	}
}

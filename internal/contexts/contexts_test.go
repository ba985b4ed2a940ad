package contexts

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
)

func newStore(t *testing.T) *Store {
	t.Helper()
	folder := t.TempDir()
	store, err := NewStore(func(name string) (string, bool) { return folder, name == "XDG_CONFIG_HOME" })
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func (s *Store) write(t *testing.T, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		t.Fatal(err)
	}
	err := os.WriteFile(s.path, []byte(text), mode)
	if err := errors.Join(err, os.Chmod(s.path, mode)); err != nil {
		t.Fatal(err)
	}
}

func example() *Context {
	return &Context{
		Name: "prod", Protected: true,
		Options: map[string]string{"endpoints": "https://a:2379,https://b:2379", "cacert": "/a file", "write-out": "yes", "command-timeout": "10s"},
		User:    "two\nlines\u202e: #", Login: Login{PasswordCommand: "pass show 'x: y' | head -1 # \"z\""},
		Users: map[string]Login{"alice": {PasswordFile: "/p"}, "---": {CredentialHelper: "pass"}, "bob": {Cert: "/c", Key: "/k"}, "null": {TokenFile: "/t"}},
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	store, want := newStore(t), example()
	if c, err := store.Find(""); c != nil || err != nil {
		t.Fatalf("without a file Find returns %v, %v", c, err)
	}
	err := store.Update(t.Context(), func(f *File) error {
		f.Current = "prod"
		f.Contexts = append(f.Contexts, &Context{Name: "1.5", Options: map[string]string{"endpoints": "x"}}, want, &Context{Name: "true", User: "u"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "prod"} {
		if got, err := store.Find(name); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Find(%q) = %+v, %v; want %+v", name, got, err, want)
		}
	}
	for _, name := range []string{"1.5", "true"} {
		if got, err := store.Find(name); err != nil || got.Name != name {
			t.Errorf("Find(%q) = %+v, %v", name, got, err)
		}
	}
	if _, err := store.Find("pro"); !errors.Is(err, ErrUnknown) {
		t.Errorf("an unknown name: %v", err)
	}
	file, err := store.Read()
	if err != nil || strings.Join(file.Names(), " ") != "1.5 prod true" || file.Current != "prod" || !reflect.DeepEqual(file.Find("prod"), want) {
		t.Errorf("Read = %+v, %v", file, err)
	}
	if info, err := os.Stat(store.Path()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has the mode %v, %v", info.Mode(), err)
	}
}

func TestWhatAPersonWritesIsFound(t *testing.T) {
	store := newStore(t)
	store.write(t, "current: 'b'\n---\n{name: a, endpoints: 'x,y', protected: true}\n---   \nname: \"b\"   # comment\nendpoints: z\n...\n", 0o600)
	if c, err := store.Find("a"); err != nil || c.Options["endpoints"] != "x,y" || !c.Protected {
		t.Errorf("Find(a) = %+v, %v", c, err)
	}
	if c, err := store.Find(""); err != nil || c.Name != "b" || c.Options["endpoints"] != "z" {
		t.Errorf("Find() = %+v, %v", c, err)
	}
}

func TestAFindParsesOneContext(t *testing.T) {
	store := newStore(t)
	store.write(t, "current: b\n---\nname: a\n\t: no YAML\n---\nname: b\nendpoints: z\n", 0o600)
	if c, err := store.Find("b"); err != nil || c.Name != "b" {
		t.Errorf("Find(b) = %+v, %v", c, err)
	}
	if _, err := store.Read(); err == nil {
		t.Error("Read of a file that is no YAML succeeds")
	}
}

func TestAFaultyFileIsRefusedWithItsLineAndWithoutItsValues(t *testing.T) {
	for text, want := range map[string]string{
		"current: a\n---\nname: a\nprotected: hunter2\n":          "line 4: protected is true or false",
		"---\nname: a\nusers: hunter2\n":                          "line 3: want names with values",
		"---\nname: a\nusers:\n  bob: {password: hunter2}\n":      "line 4: a user has no field of this name",
		"---\nname: a\nendpoints: {x: hunter2}\n":                 "line 3: endpoints is text",
		"---\nname: a\nname: hunter2\n":                           "line", // the library's or ours
		"---\nname: a\nuser: x\n---\nname: a\nuser: hunter2\n":    "two contexts with the same name",
		"---\nname: a b hunter2\n":                                "the name of a context has letters",
		"---\nendpoints: hunter2\n":                               "the context has no name",
		"---\nname: a\n\"hunter2\n":                               "not YAML",
		"---\nname: a\nuser: &x hunter2\ncacert: *x\n":            "line 4: cacert is text",
		"current: a\n---\nname: a\nuser: [hunter2]\n---\nname: b": "line 4: user is text",
	} {
		t.Run(text, func(t *testing.T) {
			store := newStore(t)
			store.write(t, text, 0o600)
			_, err := store.Read()
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), store.Path()) {
				t.Errorf("the error is %v, want %q", err, want)
			}
			before, _ := os.ReadFile(store.Path())
			if err := store.Update(t.Context(), func(*File) error { return nil }); err == nil {
				t.Error("it is updated")
			}
			if after, _ := os.ReadFile(store.Path()); !bytes.Equal(before, after) {
				t.Error("it was changed")
			}
		})
	}
}

func TestAFileThatOthersCanChangeIsRefused(t *testing.T) {
	for name, prepare := range map[string]func(*Store) error{
		"readable by a group": func(s *Store) error { return os.Chmod(s.path, 0o640) },
		"writable by all":     func(s *Store) error { return os.Chmod(s.path, 0o602) },
		"a symbolic link": func(s *Store) error {
			return errors.Join(os.Rename(s.path, s.path+".other"), os.Symlink(s.path+".other", s.path))
		},
		"a folder": func(s *Store) error { return errors.Join(os.Remove(s.path), os.Mkdir(s.path, 0o700)) },
		"of another user": func(s *Store) error {
			if os.Geteuid() != 0 {
				return os.Chmod(s.path, 0o660)
			}
			return os.Chown(s.path, 12345, -1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			store.write(t, "current: a\n---\nname: a\nendpoints: x\n", 0o600)
			if err := prepare(store); err != nil {
				t.Fatal(err)
			}
			for what, err := range map[string]error{
				"Find": second(store.Find("a")), "Find of the current one": second(store.Find("")), "Read": second(store.Read()),
				"Update": store.Update(t.Context(), func(*File) error { return nil }),
			} {
				if err == nil || !strings.Contains(err.Error(), store.Path()) {
					t.Errorf("%s: %v, want an error with the path", what, err)
				}
			}
		})
	}
	store := newStore(t)
	store.write(t, "", 0o600)
	if err := os.Chmod(filepath.Dir(store.path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := store.Update(t.Context(), func(*File) error { return nil }); err == nil {
		t.Error("a file in a folder that others can write to is updated")
	}
}

func second[T any](_ T, err error) error { return err }

func TestUpdatesFollowEachOther(t *testing.T) {
	store := newStore(t)
	const writers = 20
	var group sync.WaitGroup
	for n := range writers {
		group.Go(func() {
			err := store.Update(t.Context(), func(f *File) error {
				f.Contexts = append(f.Contexts, &Context{Name: fmt.Sprintf("c%d", n), User: "u"})
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if file, err := store.Read(); err != nil || len(file.Contexts) != writers {
		t.Errorf("there are %d contexts, %v", len(file.Contexts), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(store.path), "*")); len(left) != 1 {
		t.Errorf("these files are left: %v", left)
	}
}

func TestPatterns(t *testing.T) {
	f := &File{}
	for _, name := range []string{"prod-1", "prod-2", "dev", "prod-10"} {
		f.Contexts = append(f.Contexts, &Context{Name: name})
	}
	for patterns, want := range map[string]string{
		"prod-*": "prod-1 prod-2 prod-10", "dev prod-?": "prod-1 prod-2 dev", "*": "prod-1 prod-2 dev prod-10", "dev": "dev", "prod-[12]": "prod-1 prod-2",
	} {
		found, err := f.Matching(strings.Fields(patterns))
		if got := (&File{Contexts: found}).Names(); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s matches %v, %v; want %s", patterns, got, err, want)
		}
	}
	for _, patterns := range []string{"prod-* stage", "[", "pro"} {
		if found, err := f.Matching(strings.Fields(patterns)); err == nil {
			t.Errorf("%s matches %v", patterns, found)
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"a", "prod-eu.1", "admin@prod", "10.0.0.1:2379", strings.Repeat("a", maxName)} {
		if err := CheckName(name); err != nil {
			t.Errorf("%q is refused", name)
		}
	}
	for _, name := range []string{"", "-a", "a b", "a/b", "a*", "ä", "a\n", "a\x00", ".a", strings.Repeat("a", maxName+1)} {
		if CheckName(name) == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

func TestAManifestGivesEndpointsAndCertificates(t *testing.T) {
	folder := t.TempDir()
	pki := filepath.Join(folder, "pki")
	if err := os.Mkdir(pki, 0o700); err != nil {
		t.Fatal(err)
	}
	etcd := `apiVersion: v1
kind: Pod
spec:
  containers:
  - command:
    - etcd
    - --advertise-client-urls=https://10.0.0.1:2379
    - --cert-file=/etc/kubernetes/pki/etcd/server.crt
    - --client-cert-auth=true
    - --key-file
    - /etc/kubernetes/pki/etcd/server.key
    - --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt
    volumeMounts:
    - {mountPath: /etc/kubernetes/pki/etcd, name: etcd-certs}
  volumes:
  - hostPath: {path: ` + pki + `, type: DirectoryOrCreate}
    name: etcd-certs
`
	apiserver := `kind: Pod
spec:
  containers:
  - {command: [sidecar]}
  - command: [kube-apiserver]
    args: ["--etcd-servers=https://a:2379,https://b:2379", --etcd-cafile=/pki/ca.crt, --etcd-certfile=/pki/c.crt, --etcd-keyfile=/pki/c.key]
`
	read := func(text string) (map[string]string, error) {
		name := filepath.Join(folder, "pod.yaml")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return FromManifest(name)
	}
	want := map[string]string{"endpoints": "https://10.0.0.1:2379", "cacert": pki + "/ca.crt", "cert": pki + "/server.crt", "key": pki + "/server.key"}
	if got, err := read(etcd); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("etcd: %v, %v; want %v", got, err, want)
	}
	if err := os.WriteFile(filepath.Join(pki, "healthcheck-client.crt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	want["cert"], want["key"] = pki+"/healthcheck-client.crt", pki+"/healthcheck-client.key"
	if got, err := read(etcd); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("etcd with a client certificate: %v, %v; want %v", got, err, want)
	}
	want = map[string]string{"endpoints": "https://a:2379,https://b:2379", "cacert": "/pki/ca.crt", "cert": "/pki/c.crt", "key": "/pki/c.key"}
	if got, err := read(apiserver); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("kube-apiserver: %v, %v; want %v", got, err, want)
	}
	for _, text := range []string{"", "kind: Service\n", "kind: Pod\nspec: {containers: [{command: [nginx]}]}\n", "- hunter2\n"} {
		if got, err := read(text); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q gives %v, %v", text, got, err)
		}
	}
}

package cli

import (
	"slices"
	"testing"

	"github.com/ectl-io/ectl/internal/iostreams"
)

func TestChildrenGetNoSecretUnlessTheyAreToldTo(t *testing.T) {
	harmless := []string{
		"PATH=/bin", "ETCDCTL_ENDPOINTS=a:1", "ETCDCTL_CERT=c.pem", "ETCDCTL_KEY=k.pem", "ECTL_PASSWORD_FILE=p", "ECTL_AUTH_JWT_TOKEN_FILE=t", "ETCDCTL_DEST_PASSWORD_FILE=p",
		"APP_PASSWORD=theirs", "ETCDCTL_USERS=x", "ETCDCTL_PASSWORD",
	}
	secret := []string{
		"ETCDCTL_USER=root:pw", "ETCDCTL_PASSWORD=pw", "ETCDCTL_AUTH_JWT_TOKEN=t", "ECTL_USER=root:pw", "ECTL_PASSWORD=pw", "ECTL_AUTH_JWT_TOKEN=t",
		"ETCDCTL_DEST_PASSWORD=pw", "ETCDCTL_DEST_AUTH_JWT_TOKEN=t", "ECTL_NEW_PASSWORD=pw", "ETCDCTL_MY_SECRET=s",
	}
	all := append(slices.Clone(harmless), secret...)
	f := NewFactory("ectl", &iostreams.Streams{Environ: all})
	if got := f.ChildEnviron(false); !slices.Equal(got, harmless[:len(harmless)-1]) {
		t.Errorf("children get %q, want %q", got, harmless[:len(harmless)-1])
	}
	if got := f.ChildEnviron(true); !slices.Equal(got, all) {
		t.Errorf("children that keep everything get %q", got)
	}
	if !slices.Equal(f.Streams.Environ, all) {
		t.Errorf("the program's own environment is %q then", f.Streams.Environ)
	}
}

package output

import (
	"fmt"

	"github.com/ectl-io/ectl/internal/version"
)

// Version is the result of "version".
type Version struct{ Info version.Info }

// Simple implements Result.
func (r Version) Simple(t *Text) {
	t.Linef("ectl version: %s", r.Info.Version)
	t.Linef("Commit: %s", r.Info.Commit)
	t.Linef("Built: %s with %s for %s", r.Info.Date, r.Info.Go, r.Info.Platform)
	t.Linef("Compatible with etcdctl: %s", r.Info.Etcdctl)
	t.Linef("API version: %s", r.Info.API)
}

func (r Version) fields(f *FieldText) {
	f.Quoted("Version", r.Info.Version)
	f.Quoted("Commit", r.Info.Commit)
	f.Quoted("Date", r.Info.Date)
	f.Quoted("Go", r.Info.Go)
	f.Quoted("Platform", r.Info.Platform)
	f.Quoted("Etcdctl", r.Info.Etcdctl)
	f.Quoted("API", r.Info.API)
}

func (r Version) api() apiForms {
	return apiForms{fields: r.fields, jsonMore: r.Document()}
}

// Table implements Result.
func (r Version) Table() TableData {
	return oneRow("version", r.Info.Version, "commit", r.Info.Commit, "date", r.Info.Date, "go", r.Info.Go,
		"platform", r.Info.Platform, "etcdctl", r.Info.Etcdctl, "api", r.Info.API)
}

// Document implements Result.
func (r Version) Document() Object {
	return Object{
		{"version", r.Info.Version},
		{"commit", r.Info.Commit},
		{"date", r.Info.Date},
		{"go", r.Info.Go},
		{"platform", r.Info.Platform},
		{"etcdctl", r.Info.Etcdctl},
		{"api", r.Info.API},
	}
}

// EtcdctlVersion is the result of "version" if ectl runs in place of etcdctl. It prints
// etcdctl's two lines in each of etcdctl's formats.
type EtcdctlVersion struct{ Version }

// Simple implements Result.
func (r EtcdctlVersion) Simple(t *Text) { _, _ = t.w.WriteString(r.String()) }

func (r EtcdctlVersion) api() apiForms { return apiForms{simple: true} }

// String returns etcdctl's two lines.
func (r EtcdctlVersion) String() string {
	return fmt.Sprintf("etcdctl version: %s\nAPI version: %s\n", r.Info.Etcdctl, r.Info.API)
}

// Package version holds the version that the build sets.
package version

import (
	"runtime"
	"runtime/debug"
)

// Version, Commit and Date are set by the linker (-X) in releases and by "make build".
// Otherwise Get takes them from the build information that the Go tool records.
var (
	Version = "" //nolint:gochecknoglobals // set by the linker
	Commit  = "" //nolint:gochecknoglobals // set by the linker
	Date    = "" //nolint:gochecknoglobals // set by the linker
)

// Etcdctl is the version of etcdctl that the program is compatible with.
const Etcdctl = "3.7.3"

// API is the version of the etcd API that the program uses.
const API = "3.7"

// Info holds the fields that "version" prints.
type Info struct {
	Version  string
	Commit   string
	Date     string
	Go       string
	Platform string
	Etcdctl  string
	API      string
}

// Get returns the version information of the running program. A field that the
// build did not record is "unknown".
func Get() Info {
	info := Info{
		Version:  Version,
		Commit:   Commit,
		Date:     Date,
		Go:       runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Etcdctl:  Etcdctl,
		API:      API,
	}
	if info.Version == "" || info.Commit == "" || info.Date == "" {
		info.complete()
	}
	info.Version = withoutPrefix(info.Version)
	setIfEmpty(&info.Version, "unknown")
	setIfEmpty(&info.Commit, "unknown")
	setIfEmpty(&info.Date, "unknown")
	return info
}

// complete takes what the linker did not set from the build information.
func (info *Info) complete() {
	if build, ok := debug.ReadBuildInfo(); ok {
		if info.Version == "" {
			info.Version = build.Main.Version
		}
		for _, s := range build.Settings {
			switch s.Key {
			case "vcs.revision":
				setIfEmpty(&info.Commit, s.Value)
			case "vcs.time":
				setIfEmpty(&info.Date, s.Value)
			}
		}
	}
}

// withoutPrefix returns the version of a tag without its "v". Releases, "make build" and "go
// install" then print the same version.
func withoutPrefix(tag string) string {
	if len(tag) > 1 && tag[0] == 'v' && tag[1] >= '0' && tag[1] <= '9' {
		return tag[1:]
	}
	return tag
}

func setIfEmpty(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

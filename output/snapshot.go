package output

import "strconv"

// SnapshotSaved is the result of "snapshot save".
type SnapshotSaved struct {
	Path    string
	Version string // of the server's storage; empty for servers older than 3.6
	Size    int64  // of the file with its checksum, in bytes
}

// Simple implements Result.
func (r SnapshotSaved) Simple(t *Text) {
	t.Linef("Snapshot saved at %s", r.Path)
	if r.Version != "" {
		t.Linef("Server version %s", r.Version)
	}
}

func (r SnapshotSaved) api() apiForms {
	return apiForms{simple: true}
}

// Table implements Result, for csv.
func (r SnapshotSaved) Table() TableData {
	return oneRow("snapshot", cell([]byte(r.Path)), "size", strconv.FormatInt(r.Size, 10), "server version", r.Version)
}

// Document implements Result.
func (r SnapshotSaved) Document() Object {
	return Object{{"snapshot", Bytes(r.Path)}, {"size", r.Size}, {"server_version", r.Version}}
}

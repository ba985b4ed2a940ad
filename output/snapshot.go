package output

import (
	"fmt"
	"strconv"
)

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

// SnapshotStatus is the result of "snapshot status". Its formats equal those of etcdutl.
type SnapshotStatus struct {
	Hash     uint32 `json:"hash"`
	Revision int64  `json:"revision"`
	Keys     int    `json:"totalKey"`
	Size     int64  `json:"totalSize"` // of the database, in bytes
	Version  string `json:"version"`   // of the storage; empty for servers before 3.6
}

// Simple implements Result.
func (r SnapshotStatus) Simple(t *Text) {
	t.Linef("%x, %d, %d, %s, %s", r.Hash, r.Revision, r.Keys, Bytesize(r.Size), r.Version)
}

func (r SnapshotStatus) fields(f *FieldText) {
	f.Field("Hash", r.Hash)
	f.Field("Revision", r.Revision)
	f.Field("Keys", r.Keys)
	f.Field("Size", r.Size)
	f.Field("Version", r.Version)
}

func (r SnapshotStatus) api() apiForms {
	return apiForms{fields: r.fields, json: r, message: r.Document().message()}
}

// Table implements Result.
func (r SnapshotStatus) Table() TableData {
	return oneRow("hash", fmt.Sprintf("%x", r.Hash), "revision", strconv.FormatInt(r.Revision, 10),
		"total keys", strconv.Itoa(r.Keys), "total size", Bytesize(r.Size), "version", r.Version)
}

// Document implements Result.
func (r SnapshotStatus) Document() Object {
	return Object{{"hash", int64(r.Hash)}, {"revision", r.Revision}, {"keys", r.Keys}, {"size", r.Size}, {"version", r.Version}}
}

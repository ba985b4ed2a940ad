package output

import (
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"
)

// SnapshotSaved is the result of "snapshot save".
type SnapshotSaved struct {
	Path    string
	Version string // of the server's storage; servers before 3.6 do not say it
	Size    int64  // of the file, with its checksum
}

func (r SnapshotSaved) fixedText() string {
	text := fmt.Sprintf("Snapshot saved at %s\n", r.Path)
	if r.Version != "" {
		text += fmt.Sprintf("Server version %s\n", r.Version)
	}
	return text
}

// Simple implements Result: etcdctl writes the same in all its formats.
func (r SnapshotSaved) Simple(*Text) {}

// Fields implements Result.
func (r SnapshotSaved) Fields(*FieldText) {}

// Message implements Result.
func (r SnapshotSaved) Message() proto.Message { return nil }

// Table implements Result, for csv.
func (r SnapshotSaved) Table() TableData {
	return oneRow("snapshot", cell([]byte(r.Path)), "size", strconv.FormatInt(r.Size, 10), "server version", r.Version)
}

// Document implements Result.
func (r SnapshotSaved) Document() Object {
	return Object{{"snapshot", Bytes(r.Path)}, {"size", r.Size}, {"server_version", r.Version}}
}

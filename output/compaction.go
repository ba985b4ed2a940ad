package output

import (
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"
)

// Compacted is the result of "compaction". etcdctl writes the same line of it
// in each of its formats.
type Compacted struct {
	Revision int64
	Response proto.Message
}

func (r Compacted) fixedText() string { return fmt.Sprintf("compacted revision %d\n", r.Revision) }

// Simple implements Result.
func (r Compacted) Simple(t *Text) { _, _ = t.w.WriteString(r.fixedText()) }

// Fields implements Result.
func (r Compacted) Fields(f *FieldText) { r.Simple(&f.Text) }

// Message implements Result.
func (r Compacted) Message() proto.Message { return r.Response }

// Table implements Result.
func (r Compacted) Table() TableData {
	return oneRow("compacted revision", strconv.FormatInt(r.Revision, 10))
}

// Document implements Result.
func (r Compacted) Document() Object { return Object{{"compacted_revision", r.Revision}} }

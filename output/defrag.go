package output

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
)

// Defragmented is what defragmenting one member won.
type Defragmented struct {
	Endpoint      string
	Took          time.Duration
	Before, After int64 // size of the database in bytes; 0 where it is unknown
}

// Defragmentation is the result of "defrag": the members that were defragmented.
type Defragmentation struct{ Members []Defragmented }

func (r Defragmentation) fixedText() string {
	var text strings.Builder
	for _, m := range r.Members {
		fmt.Fprintf(&text, "Finished defragmenting etcd member[%s]. took %s\n", m.Endpoint, m.Took)
	}
	return text.String()
}

// Simple implements Result: etcdctl writes the same in all its formats.
func (r Defragmentation) Simple(*Text) {}

// Fields implements Result.
func (r Defragmentation) Fields(*FieldText) {}

// Message implements Result.
func (r Defragmentation) Message() proto.Message { return nil }

// Table implements Result, for csv.
func (r Defragmentation) Table() TableData {
	t := TableData{Header: []string{"endpoint", "took", "size before", "size now", "won"}}
	for _, m := range r.Members {
		t.Rows = append(t.Rows, []string{
			m.Endpoint, m.Took.String(), strconv.FormatInt(m.Before, 10), strconv.FormatInt(m.After, 10), strconv.FormatInt(m.Before-m.After, 10),
		})
	}
	return t
}

// Document implements Result.
func (r Defragmentation) Document() Object { return Object{{"defragmented", r.Items()}} }

// Items implements Lister.
func (r Defragmentation) Items() []Object {
	var items []Object
	for _, m := range r.Members {
		item := Object{{"endpoint", m.Endpoint}, {"took", m.Took.String()}}
		if m.Before > 0 {
			item = append(item, Member{"size_before", m.Before}, Member{"size_now", m.After}, Member{"won", m.Before - m.After})
		}
		items = append(items, item)
	}
	return items
}

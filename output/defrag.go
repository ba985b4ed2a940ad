package output

import (
	"strconv"
	"time"
)

// Defragmented reports the defragmentation of one member.
type Defragmented struct {
	Endpoint      string
	Took          time.Duration
	Before, After int64 // size of the database in bytes; 0 if unknown
}

// Defragmentation is the result of "defrag": the members that were defragmented.
type Defragmentation struct{ Members []Defragmented }

// Simple implements Result.
func (r Defragmentation) Simple(t *Text) {
	for _, m := range r.Members {
		t.Linef("Finished defragmenting etcd member[%s]. took %s", m.Endpoint, m.Took)
	}
}

func (r Defragmentation) api() apiForms {
	return apiForms{simple: true}
}

// Table implements Result, for csv.
func (r Defragmentation) Table() TableData {
	t := TableData{Header: []string{"endpoint", "took", "size before", "size now", "won"}, durations: []string{"took"}}
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
		item := Object{{"endpoint", m.Endpoint}, {"took_microseconds", m.Took.Microseconds()}}
		if m.Before > 0 {
			item = append(item, Member{"size_before", m.Before}, Member{"size_now", m.After}, Member{"won", m.Before - m.After})
		}
		items = append(items, item)
	}
	return items
}

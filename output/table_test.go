package output

import (
	"strings"
	"testing"
)

// One long cell does not make every line of a table as long.
func TestLongCellsAreCut(t *testing.T) {
	long := strings.Repeat("x", maxCell-1) + "é" + strings.Repeat("y", 1<<20)
	table := TableData{Header: []string{"key"}, Rows: [][]string{{"k"}, {long}, {strings.Repeat("z", maxCell)}}}
	var b strings.Builder
	if err := table.render(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), strings.Repeat("x", maxCell-1)+"... (1049601 bytes)") || !strings.Contains(b.String(), strings.Repeat("z", maxCell)+" ") {
		t.Errorf("the table is %.3000q", b.String())
	}
	if table.Rows[1][0] != long {
		t.Error("the row itself was changed")
	}
}

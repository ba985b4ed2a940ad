package output

import (
	"bufio"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/nasty"
	"github.com/ectl-io/ectl/internal/visible"
)

func TestCellsOfCSVAreNoFormulasAndCanBeReadBack(t *testing.T) {
	for c, want := range map[string]string{
		"=1+1": "'=1+1", "+cmd": "'+cmd", "-x": "'-x", "@SUM(A1)": "'@SUM(A1)", "＝1": "'＝1",
		"'=1": "''=1", "''=": "'''=", "'x": "'x", "'": "'", "": "", "a=b": "a=b",
		"-1": "-1", "-1.5": "-1.5", "12": "12", "+1": "'+1", "-1+1": "'-1+1", "-": "-", "=": "=", "--": "'--",
	} {
		t.Run("cell "+c, func(t *testing.T) {
			if got := noFormula(c); got != want {
				t.Errorf("the cell %q becomes %q, want %q", c, got, want)
			}
		})
	}
	keys, err := nasty.Keys(6, 500)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	buffered := bufio.NewWriter(&text)
	cells := make([]string, 0, len(keys))
	for _, key := range keys {
		cells = append(cells, cell([]byte(key)))
	}
	table := TableData{Header: []string{"key", "again"}}
	for _, c := range cells {
		table.Rows = append(table.Rows, []string{c, "x" + c})
	}
	if err := table.visible(true).csv(buffered); err != nil {
		t.Fatal(err)
	}
	buffered.Flush()
	rows, err := csv.NewReader(strings.NewReader(text.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows[1:] {
		if strings.ContainsAny(row[0][:1], "=+-@\t\r") && len(row[0]) > 1 && !isNumber(row[0]) {
			t.Errorf("the cell %q is a formula", row[0])
		}
		// The rule of docs/compatibility.md, turned back.
		back := row[0]
		if rest := strings.TrimLeft(back, "'"); rest != back && slices.ContainsFunc([]string{"=", "+", "-", "@", "＝", "＋", "－", "＠"}, func(sign string) bool { return strings.HasPrefix(rest, sign) }) {
			back = back[1:]
		}
		if back != cells[i] || row[1] != "x"+cells[i] {
			t.Errorf("the cell %q is read back as %q, %q", cells[i], back, row[1])
		}
	}
}

// The name of a member is whatever its owner gave it.
func TestNamesOfMembersAreVisibleInFormatsOfOurs(t *testing.T) {
	name := "m1\nError: forged\x1b[2J\u202e"
	list := MemberList{&clientv3.MemberListResponse{Header: &pb.ResponseHeader{}, Members: []*pb.Member{{ID: 1, Name: name, PeerURLs: []string{"=http://a\x07"}}}}}
	for _, format := range []Format{CSV, YAML, NDJSON} {
		var text strings.Builder
		p, err := NewPrinter(&text, string(format), Formats(), false)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(p.Print(list), p.Flush()); err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(text.String(), "\n") {
			if !visible.Is(line) || strings.HasPrefix(line, "Error: ") {
				t.Errorf("%s has the line %q", format, line)
			}
		}
	}
}

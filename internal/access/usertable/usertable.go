// Package usertable parses tables of users to add: CSV with a header, or one JSON object a
// line. It does no I/O, and does not read the sources of passwords.
package usertable

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/suggest"
)

// The columns of a table. Only the first is required.
const (
	columnName     = "name"
	columnRoles    = "roles"
	columnPassword = "password"
)

func columns() []string { return []string{columnName, columnRoles, columnPassword} }

// byteOrderMark may begin a file. It is not part of the table.
const byteOrderMark = "\ufeff"

// Parse returns the users of the table text, in its order. file is the name of the table
// in positions. A user without a source of the password gets a generated one. The error is
// Errors. A text that is not a source is never part of it, because it may be a password.
func Parse(file string, text []byte) ([]policy.User, error) {
	p := &parser{file: file, known: map[string]int{}}
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		p.problem(1, "the file is UTF-16: save it as UTF-8")
	case !utf8.Valid(text):
		p.problem(1+bytes.Count(text[:firstInvalid(text)], []byte("\n")), "the line is not UTF-8")
	case bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")):
		p.ndjson(text)
	default:
		p.csv(text)
	}
	if len(p.problems) == 0 && len(p.users) == 0 {
		p.problem(1, "there are no users")
	}
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return p.users, nil
}

func firstInvalid(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(text)
}

type parser struct {
	file     string
	users    []policy.User
	known    map[string]int // lines of the names
	problems Errors
}

func (p *parser) problem(line int, format string, args ...any) {
	p.problems = append(p.problems, Problem{Line: line, File: p.file, Message: fmt.Sprintf(format, args...)})
}

// csv parses a table whose first line names the columns.
func (p *parser) csv(text []byte) {
	reader := csv.NewReader(bytes.NewReader(text))
	reader.FieldsPerRecord = -1 // the error of a missing cell is ours
	header, err := reader.Read()
	if err != nil {
		if !errors.Is(err, io.EOF) {
			p.csvError(err)
		}
		return
	}
	for i, column := range header {
		header[i] = strings.TrimSpace(column)
	}
	if !p.checkHeader(header) {
		return
	}
	for {
		cells, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			p.csvError(err)
			return
		}
		line, _ := reader.FieldPos(0)
		if len(cells) > len(header) {
			p.problem(line, "the line has %d cells, and the header has %d: put a cell with a comma in double quotes", len(cells), len(header))
			continue
		}
		row := row{line: line}
		for i, cell := range cells {
			switch header[i] {
			case columnName:
				row.name = cell
			case columnRoles:
				row.roles = p.rolesOf(line, cell)
			case columnPassword:
				row.password = p.source(line, strings.TrimSpace(cell))
			}
		}
		p.add(row)
	}
}

// csvError adds the error of a reader, without its text of the line.
func (p *parser) csvError(err error) {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		p.problem(e.Line, "%s", e.Err)
		return
	}
	p.problem(1, "%s", err)
}

func (p *parser) checkHeader(header []string) bool {
	before := len(p.problems)
	for i, column := range header {
		switch {
		case slices.Index(header, column) < i:
			p.problem(1, "the header has a column twice: %q", column)
		case !slices.Contains(columns(), column):
			p.unknown(1, "column", column)
		}
	}
	if len(p.problems) == before && !slices.Contains(header, columnName) {
		p.problem(1, "the header has no column %q: the first line names the columns %s", columnName, strings.Join(columns(), ", "))
	}
	return len(p.problems) == before
}

// unknown adds the problem of an unknown column or field. Its text may be a password if
// the table has no header, so a text that resembles no column is not shown.
func (p *parser) unknown(line int, kind, name string) {
	if best := suggest.Closest(name, columns()); best != "" {
		p.problem(line, "unknown %s %q: did you mean %q?", kind, name, best)
		return
	}
	p.problem(line, "unknown %s: the %ss are %s", kind, kind, strings.Join(columns(), ", "))
}

// rolesOf splits the names of roles at commas. A name with a comma is in double quotes.
func (p *parser) rolesOf(line int, cell string) []string {
	if strings.TrimSpace(cell) == "" {
		return nil
	}
	reader := csv.NewReader(strings.NewReader(cell))
	reader.TrimLeadingSpace = true
	reader.FieldsPerRecord = -1
	records, err := reader.ReadAll()
	if err != nil {
		p.problem(line, "roles: put a name with a comma or a quote in double quotes")
	}
	return slices.Concat(records...)
}

// source parses the source of a password: none, generate, env:VARIABLE, file:PATH or
// command:LINE. It generates a password without a source.
func (p *parser) source(line int, text string) policy.Password {
	password := policy.Password{At: policy.Position{File: p.file, Line: line}}
	kind, value, hasValue := strings.Cut(text, ":")
	switch source := policy.Source(kind); {
	case text == "":
		password.Source = policy.Generate
	case !hasValue && (source == policy.None || source == policy.Generate):
		password.Source = source
	case hasValue && value != "" && (source == policy.Env || source == policy.File || source == policy.Command):
		password.Source, password.Value = source, value
	default:
		p.problem(line, "the password needs a source: write none, generate, env:VARIABLE, file:PATH or command:LINE, and not the password itself")
	}
	return password
}

// ndjson parses one JSON object a line.
func (p *parser) ndjson(text []byte) {
	line := 0
	for content := range bytes.Lines(text) {
		line++
		if content = bytes.TrimSpace(content); len(content) == 0 {
			continue
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(content, &fields); err != nil {
			p.problem(line, "the line is not a JSON object") // the error of the parser may show a password
			continue
		}
		p.object(line, fields)
	}
}

func (p *parser) object(line int, fields map[string]json.RawMessage) {
	row := row{line: line, password: policy.Password{Source: policy.Generate, At: policy.Position{File: p.file, Line: line}}}
	before := len(p.problems)
	for field, value := range fields {
		switch field {
		case columnName:
			if json.Unmarshal(value, &row.name) != nil {
				p.problem(line, "name is not a string")
			}
		case columnRoles:
			if json.Unmarshal(value, &row.roles) != nil {
				p.problem(line, "roles is not a list of strings")
			}
		case columnPassword:
			var source string
			if json.Unmarshal(value, &source) != nil {
				p.problem(line, "password is not a string")
				continue
			}
			row.password = p.source(line, source)
		default:
			p.unknown(line, "field", field)
		}
	}
	if len(p.problems) == before {
		p.add(row)
	}
}

// row is a line of a table.
type row struct {
	line     int
	name     string
	roles    []string
	password policy.Password
}

// add checks a row and adds its user.
func (p *parser) add(r row) {
	if r.password.Source == policy.NotGiven { // the line ends before the column
		r.password = policy.Password{Source: policy.Generate, At: policy.Position{File: p.file, Line: r.line}}
	}
	switch earlier, twice := p.known[r.name]; {
	case r.name == "":
		p.problem(r.line, "the name is empty")
		return
	case twice:
		p.problem(r.line, "the name is also in line %d", earlier)
		return
	}
	p.known[r.name] = r.line
	if err := access.CheckName("user", r.name); err != nil {
		p.problem(r.line, "%s", err)
	}
	var roles []string
	for _, role := range r.roles {
		switch {
		case role == "":
			p.problem(r.line, "roles contains an empty name")
		case access.CheckName("role", role) != nil:
			p.problem(r.line, "%s", access.CheckName("role", role))
		case !slices.Contains(roles, role):
			roles = append(roles, role)
		}
	}
	p.users = append(p.users, policy.User{Name: r.name, Roles: roles, Password: r.password, At: policy.Position{File: p.file, Line: r.line}})
}

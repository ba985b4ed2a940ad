package output

import (
	"errors"
	"strings"

	"github.com/ectl-io/ectl/internal/exit"
)

// Format is the name of an output format, as --write-out takes it.
type Format string

// The formats. Simple, Fields, JSON, Protobuf and Table are etcdctl's, to the
// byte where etcdctl has them; the others are ours.
const (
	Simple   Format = "simple"   // lines for people
	Fields   Format = "fields"   // every field of the response, a line each
	JSON     Format = "json"     // the response as etcd's API writes it in JSON
	Protobuf Format = "protobuf" // the response as it came over the wire
	Table    Format = "table"    // a table with borders
	YAML     Format = "yaml"     // for people: text where it is text, IDs in hexadecimal
	NDJSON   Format = "ndjson"   // for programs: one object a line, in the same terms
	CSV      Format = "csv"      // the table, for spreadsheets
)

// Formats of single results, see FormatsOf.
const (
	Markdown Format = "markdown" // the table, for a ticket or a wiki
	HTML     Format = "html"     // one page for a browser that holds all it needs
)

// Formats lists the formats of every command, in the order of --help.
func Formats() []Format {
	return []Format{Simple, Fields, JSON, Protobuf, Table, YAML, NDJSON, CSV}
}

// FormatsOf lists the formats that r, which may be empty, can be printed in.
func FormatsOf(r Result) []Format {
	switch r.(type) {
	case AccessMatrix:
		return append(Formats(), Markdown, HTML)
	case Lint, WhoCan:
		return append(Formats(), Markdown)
	}
	return Formats()
}

// FormatNames lists the names of formats in one line.
func FormatNames(formats []Format) string {
	names := make([]string, 0, len(formats))
	for _, format := range formats {
		names = append(names, string(format))
	}
	return strings.Join(names, ", ")
}

// errUnsupported is etcdctl's text for a format that it does not know.
var errUnsupported = errors.New("unsupported output format")

// ParseFormat returns that of formats which is called name. The error ends with
// the status BadFeature.
func ParseFormat(name string, formats []Format) (Format, error) {
	for _, format := range formats {
		if string(format) == name {
			return format, nil
		}
	}
	return "", exit.BadFeaturef("%w %q; the formats are %s", errUnsupported, name, FormatNames(formats))
}

// IsEtcdctls says whether etcdctl has the format.
func (f Format) IsEtcdctls() bool {
	switch f {
	case Simple, Fields, JSON, Protobuf, Table:
		return true
	case YAML, NDJSON, CSV, Markdown, HTML:
	}
	return false
}

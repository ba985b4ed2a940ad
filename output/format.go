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

// Formats lists all formats, in the order of --help.
func Formats() []Format {
	return []Format{Simple, Fields, JSON, Protobuf, Table, YAML, NDJSON, CSV}
}

// FormatNames lists the names of all formats in one line.
func FormatNames() string {
	names := make([]string, 0, len(Formats()))
	for _, format := range Formats() {
		names = append(names, string(format))
	}
	return strings.Join(names, ", ")
}

// errUnsupported is etcdctl's text for a format that it does not know.
var errUnsupported = errors.New("unsupported output format")

// ParseFormat returns the format called name. The error ends with the status
// BadFeature.
func ParseFormat(name string) (Format, error) {
	for _, format := range Formats() {
		if string(format) == name {
			return format, nil
		}
	}
	return "", exit.BadFeaturef("%w %q; the formats are %s", errUnsupported, name, FormatNames())
}

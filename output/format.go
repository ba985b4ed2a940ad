package output

import (
	"errors"
	"strings"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/suggest"
)

// Format is the name of an output format, as --write-out accepts it.
type Format string

// The formats of every command. etcdctl has Simple, Fields, JSON, Protobuf and Table. If
// it supports one of them for a command, ectl writes the same bytes.
const (
	Simple   Format = "simple"   // lines for people
	Fields   Format = "fields"   // every field of the response, one per line
	JSON     Format = "json"     // the response in the JSON of etcd's API
	Protobuf Format = "protobuf" // the response as an encoded message
	Table    Format = "table"    // a table with borders
	YAML     Format = "yaml"     // for people: UTF-8 as text, IDs in hexadecimal
	NDJSON   Format = "ndjson"   // for programs: one object per line, values as in YAML
	CSV      Format = "csv"      // the table, for spreadsheets
)

// The formats of some results only; see FormatsOf.
const (
	Markdown Format = "markdown" // the table, for a ticket or a wiki
	HTML     Format = "html"     // one self-contained page for a browser
	Wide     Format = "wide"     // what matters, in columns that fit a terminal
)

// Formats returns the formats of every command, in the order of --help.
func Formats() []Format {
	return []Format{Simple, Fields, JSON, Protobuf, Table, YAML, NDJSON, CSV}
}

// FormatsOf returns the formats in which r can be printed. Only the type of r matters, so
// r may be empty.
func FormatsOf(r Result) []Format {
	switch r.(type) {
	case AccessMatrix:
		return append(Formats(), Markdown, HTML)
	case EndpointOverview:
		return append(Formats(), Wide)
	case Lint, WhoCan:
		return append(Formats(), Markdown)
	}
	return Formats()
}

// FormatNames returns the names of formats, separated by commas.
func FormatNames(formats []Format) string {
	names := make([]string, 0, len(formats))
	for _, format := range formats {
		names = append(names, string(format))
	}
	return strings.Join(names, ", ")
}

// errUnsupported has etcdctl's text for an unknown format.
var errUnsupported = errors.New("unsupported output format")

// ParseFormat returns the format called name, which must be one of formats. Otherwise the
// error has the exit status BadFeature.
func ParseFormat(name string, formats []Format) (Format, error) {
	for _, format := range formats {
		if string(format) == name {
			return format, nil
		}
	}
	return "", exit.BadFeaturef("%w %q; %s", errUnsupported, name, adviceFor(name, formats))
}

// adviceFor returns the formats that name probably means, or all formats.
func adviceFor(name string, formats []Format) string {
	var known []string
	for _, format := range formats {
		known = append(known, string(format))
	}
	meant := suggest.Words(name, known, map[string][]string{
		"text": {"simple"}, "plain": {"simple"}, "raw": {"simple"}, "default": {"simple"}, "pretty": {"table"}, "wide": {"table"},
		"kv": {"fields"}, "proto": {"protobuf"}, "pb": {"protobuf"}, "protobuffer": {"protobuf"},
		"yml": {"yaml"}, "jsonl": {"ndjson"}, "jsonlines": {"ndjson"}, "tsv": {"csv"}, "excel": {"csv"}, "md": {"markdown"}, "htm": {"html"},
	})
	if len(meant) > 0 {
		return suggest.Question(meant)
	}
	return "the formats are " + FormatNames(formats)
}

// IsEtcdctls reports whether etcdctl has the format.
func (f Format) IsEtcdctls() bool {
	switch f {
	case Simple, Fields, JSON, Protobuf, Table:
		return true
	case YAML, NDJSON, CSV, Markdown, HTML, Wide:
	}
	return false
}

// Package output holds what commands say: a result states its forms, a format
// picks one of them and writes it.
//
// A result is a plain struct of the API's response and the names that it is
// about. A file is named after its result, or after the commands whose results it
// has; how the formats write any of them is in printer.go and beside it: text.go
// (simple, fields), object.go (yaml, ndjson), struct.go (protobuf of what the API
// has no message for), table.go (table, csv, markdown). Results of any size are
// streams, see RangeStream.
package output

import (
	"bufio"

	"google.golang.org/protobuf/proto"
)

// Result is the result of one command.
type Result interface {
	// Simple writes the lines for people, as etcdctl writes them.
	Simple(t *Text)

	// Fields writes one line for each field, as etcdctl writes them where it
	// does.
	Fields(f *FieldText)

	// Message is the response of the API, the source of json and protobuf. It
	// is nil where there was none: nothing had to be done.
	Message() proto.Message

	// Table is the result in rows, for table and csv.
	Table() TableData

	// Document is the result in plain terms, for yaml and ndjson.
	Document() Object
}

// Lister is a Result that is a list: ndjson writes one object for each item.
type Lister interface {
	Items() []Object
}

// jsonAdder is a Result that says more in JSON than the API's response does.
type jsonAdder interface {
	addedJSON() Object
}

// fixedText is a Result for which etcdctl writes the same text in each of its
// formats.
type fixedText interface {
	fixedText() string
}

// jsonDocument is a Result that no single API response holds.
type jsonDocument interface {
	jsonDocument() any
}

// hexJSON is a Result that --hex shows otherwise in JSON: members, with their
// IDs in hexadecimal.
type hexJSON interface {
	hexDocument() any
}

// policyFile is a Result that is a file, which other commands read again, in
// YAML and in JSON.
type policyFile interface {
	writeYAML(w *bufio.Writer) error
	writeJSON(w *bufio.Writer) error
}

// htmlPage is a Result that can be a page for a browser.
type htmlPage interface {
	writeHTML(w *bufio.Writer)
}

// messageless is a Result that no message of the API holds.
type messageless interface {
	messageless()
}

// noMessage is embedded in results that no message of the API holds. In JSON
// they are their documents, and in protobuf the Structs of them.
type noMessage struct{}

func (noMessage) messageless() {}

// ownResult is a Result that etcdctl does not have: the program itself decides how
// hostile names stand in it. In a Result of etcdctl they stand as etcdctl writes
// them.
type ownResult interface {
	ownResult()
}

func (noMessage) ownResult() {}

// Message implements Result.
func (noMessage) Message() proto.Message { return nil }

// mixedProtobuf is a Result of several messages with text between them.
type mixedProtobuf interface {
	writeProtobuf(p *Printer) error
}

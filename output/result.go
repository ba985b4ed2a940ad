// Package output prints the results of commands, in any format.
//
// A result states its content once: lines for people, a document, and a table. A command
// that only ectl has needs no more. If etcdctl has the command, its formats fields, json
// and protobuf must equal etcdctl's bytes. Such a result also states what these formats
// are made of (apiResult). printer.go shows what each format writes.
//
// A file is named after a command or a format. Results of any size, and those that come
// one after another, are streams: get.go, watch.go, stream.go, parts.go.
package output

import (
	"bufio"

	"google.golang.org/protobuf/proto"
)

// Result is the result of one command.
type Result interface {
	// Simple writes the lines for people, as etcdctl writes them if it has the command.
	Simple(t *Text)

	// Document is the result in plain terms, for yaml and ndjson. If the result is no
	// apiResult, fields, json and protobuf write it, too.
	Document() Object

	// Table is the result in rows, for table, csv and markdown.
	Table() TableData
}

// Lister is a Result that is a list: ndjson writes one object for each item.
type Lister interface {
	Items() []Object
}

// apiResult is a Result that fields, json and protobuf write as etcdctl writes it, or
// would write it: from a response of the API.
type apiResult interface {
	api() apiForms
}

// apiForms is what fields, json and protobuf write of an apiResult.
type apiForms struct {
	// simple says that these formats and table write the lines of simple: etcdctl has
	// one text for all of its formats. The rest is empty then.
	simple bool

	// visible says that ectl alone has the command, so that hostile names are made
	// visible in simple, json and table. etcdctl writes them as they are.
	visible bool

	// fields writes one line for each field.
	fields func(*FieldText)

	// message is what protobuf writes, and json if there is no document for it. It is
	// nil if there was no response: nothing had to be done.
	message proto.Message

	// protobuf writes protobuf in place of the message, if one is not enough.
	protobuf func(w *bufio.Writer) error

	// json is what encoding/json makes json of, in place of the message. jsonHex takes
	// its place with --hex. jsonMore are members that json has behind those.
	json, jsonHex any
	jsonMore      Object
}

// selfWriter is a Result that writes some formats by itself. In the others it writes
// nothing and returns false.
type selfWriter interface {
	writeAs(format Format, w *bufio.Writer) (written bool, err error)
}

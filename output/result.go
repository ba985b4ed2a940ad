// Package output prints the results of commands in any format.
//
// A result has its content in three forms: lines for people, a document, and a table. A
// command that only ectl has needs no more. If etcdctl has the command, fields, json and
// protobuf must equal etcdctl's bytes. Such a result also has the forms for these formats
// (apiResult). printer.go shows what each format writes.
//
// A file is named after a command or a format. Results of any size, and several results
// in a row, are streams: get.go, watch.go, stream.go, parts.go.
package output

import (
	"bufio"

	"google.golang.org/protobuf/proto"
)

// Result is the result of one command.
type Result interface {
	// Simple writes the lines for people, as etcdctl writes them if it has the command.
	Simple(t *Text)

	// Document returns the result as named values, for yaml and ndjson. If the result
	// is not an apiResult, fields, json and protobuf write it, too.
	Document() Object

	// Table returns the result in rows, for table, csv and markdown.
	Table() TableData
}

// Lister is a Result that is a list. ndjson writes one object for each item.
type Lister interface {
	Items() []Object
}

// apiResult is a Result with fields, json and protobuf from a response of the API. They
// are written as etcdctl writes them, or would write them.
type apiResult interface {
	api() apiForms
}

// apiForms defines what fields, json and protobuf write for an apiResult.
type apiForms struct {
	// simple makes these formats and table write the lines of simple, because etcdctl
	// has one text for all of its formats. The other members are then empty.
	simple bool

	// visible reports whether only ectl has the command. If so, hostile names are made
	// visible in simple, json and table. etcdctl writes them as they are.
	visible bool

	// fields writes one line for each field.
	fields func(*FieldText)

	// message is written by protobuf, and by json if there is no document for it. It is
	// nil if there was no response, for example because nothing had to be done.
	message proto.Message

	// protobuf writes the protobuf format instead of message, if one message is not
	// enough.
	protobuf func(w *bufio.Writer) error

	// json is encoded instead of message. With --hex, jsonHex replaces both. jsonMore
	// has members that are added at the end of the JSON object.
	json, jsonHex any
	jsonMore      Object
}

// selfWriter is a Result that writes some formats by itself. For the others, writeAs
// writes nothing and returns false.
type selfWriter interface {
	writeAs(format Format, w *bufio.Writer) (written bool, err error)
}

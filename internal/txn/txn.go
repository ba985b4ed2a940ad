// Package txn parses transactions in the notation of etcdctl's "txn". A transaction has
// three parts: comparisons, the requests if all of them hold, and the requests if they do
// not. An empty line ends each part.
//
//	mod("key") > "0"
//
//	put key "new value"
//	get key
//
//	put key created
//
// The commands get, put and del parse the options of a request. Here a request is a list
// of words.
package txn

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/limited"
)

// Part identifies one of the three parts of a transaction.
type Part int

// The parts, in their order.
const (
	Comparisons Part = iota
	SuccessRequests
	FailureRequests
	partCount
)

// Title returns the prompt of the interactive mode for a part, in etcdctl's words.
func (p Part) Title() string {
	return []string{"compares:", "success requests (get, put, del):", "failure requests (get, put, del):"}[p]
}

func (p Part) String() string {
	return []string{"comparisons", "success requests", "failure requests"}[p]
}

// LineError reports an error in a line of the input. Lines are counted from 1.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

// Handler receives the transaction while Read reads it.
type Handler struct {
	Begin   func(Part) error
	Compare func(clientv3.Cmp)
	Request func(part Part, words []string) error
}

const (
	// maxLine is the maximum length of a line, in bytes. The largest value needs less.
	maxLine = 16 << 20

	// maxLines is the maximum number of lines. A server accepts fewer operations: 128,
	// unless its limit is raised.
	maxLines = 100_000
)

// Read reads a transaction line by line, so that a mistake is reported while the user
// types. An error in a line, also one of the handler, is a *LineError. The input after
// the third part is not read.
func Read(r *bufio.Reader, h Handler) error {
	number := 0
	for part := range partCount {
		if err := h.Begin(part); err != nil {
			return err
		}
		for {
			number++
			line, err := limited.ReadLine(r, maxLine)
			if number > maxLines {
				return &LineError{number, fmt.Errorf("a transaction has more than the maximum of %d lines", maxLines)}
			}
			if err != nil {
				return &LineError{number, endError(part, err)}
			}
			if number == 1 {
				line = strings.TrimPrefix(line, limited.ByteOrderMark)
			}
			line = strings.TrimSpace(line)
			if line == "" {
				break
			}
			if err := h.line(part, line); err != nil {
				return &LineError{number, err}
			}
		}
	}
	return nil
}

func endError(part Part, err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the input ends in the %s: an empty line ends each of the three parts", part)
	}
	return err
}

func (h Handler) line(part Part, line string) error {
	if part == Comparisons {
		compare, err := ParseCompare(line)
		if err != nil {
			return err
		}
		h.Compare(compare)
		return nil
	}
	words, err := Words(line)
	if err != nil {
		return err
	}
	if len(words) < 2 {
		return fmt.Errorf("invalid request: %s: a request is get, put or del with its options and keys", line)
	}
	return h.Request(part, words)
}

// grammar ends the errors about a comparison.
const grammar = `a comparison is TARGET("KEY") OPERATOR "VALUE", with spaces around the operator =, !=, < or > ` +
	`and as target mod, create, version, value or lease`

// ParseCompare parses one comparison:
//
//	TARGET("KEY") OPERATOR "VALUE"
//
// Key and value are strings in Go's notation. The targets are ver or version, c or
// create, m or mod, val or value, and lease. The value of val is text, and that of lease
// is an ID in hexadecimal. The values of the other targets are decimal numbers. Text
// after the value is ignored, as in etcdctl.
func ParseCompare(line string) (clientv3.Cmp, error) {
	target, rest, found := strings.Cut(line, "(")
	if !found {
		return clientv3.Cmp{}, fmt.Errorf("malformed comparison: %s: %s", line, grammar)
	}
	var key, operator, value string
	if n, err := fmt.Sscanf(rest, "%q) %s %q", &key, &operator, &value); n != 3 {
		return clientv3.Cmp{}, fmt.Errorf("malformed comparison: %s (%w): %s", line, err, grammar)
	}
	switch operator {
	case "=", "!=", "<", ">":
	default:
		return clientv3.Cmp{}, fmt.Errorf("malformed comparison: %s (unknown operator %s): %s", line, operator, grammar)
	}
	number := func(of func(string) clientv3.Cmp) (clientv3.Cmp, error) {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return clientv3.Cmp{}, fmt.Errorf("invalid comparison: %s (%w)", line, err)
		}
		return clientv3.Compare(of(key), operator, n), nil
	}
	switch target {
	case "ver", "version":
		return number(clientv3.Version)
	case "c", "create":
		return number(clientv3.CreateRevision)
	case "m", "mod":
		return number(clientv3.ModRevision)
	case "val", "value":
		return clientv3.Compare(clientv3.Value(key), operator, value), nil
	case "lease":
		id, err := strconv.ParseInt(value, 16, 64)
		if err != nil {
			return clientv3.Cmp{}, fmt.Errorf("invalid comparison: %s (%w): a lease is named by its ID in hexadecimal", line, err)
		}
		return clientv3.Compare(clientv3.LeaseValue(key), operator, clientv3.LeaseID(id)), nil
	}
	return clientv3.Cmp{}, fmt.Errorf("malformed comparison: %s (unknown target %s): %s", line, target, grammar)
}

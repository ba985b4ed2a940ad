package policy

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

const (
	// MaxSize is the maximum size of all files of a policy together, in bytes.
	MaxSize = 16 << 20

	// maxValues is the maximum number of values in a file. It also limits the whole
	// policy, with the values that aliases repeat. It allows about 200,000
	// permissions.
	maxValues = 1_000_000

	// maxDepth is the maximum nesting depth of values. The format needs five levels.
	maxDepth = 50
)

// TooLarge is the message for a policy that is larger than MaxSize.
const TooLarge = "the policy exceeds the limit of 16 MiB"

// byteOrderMark may begin a file. It is not part of the policy.
const byteOrderMark = "\ufeff"

// readable returns text without its byte order mark. If the text cannot be parsed as
// YAML in bounded memory, fault contains the reason.
func readable(text []byte) (policy []byte, fault Problem) {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(text, []byte(mark)) {
			return nil, Problem{Message: "the file is UTF-16", Hint: "save it as UTF-8"}
		}
	}
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	if !utf8.Valid(text) {
		at := invalidByte(text)
		return nil, Problem{
			At:      Position{Line: 1 + bytes.Count(text[:at], []byte("\n")), Column: 1 + utf8.RuneCount(text[bytes.LastIndexByte(text[:at], '\n')+1:at])},
			Message: "the file is not UTF-8", Hint: "save it as UTF-8; write keys that are no text in base64",
		}
	}
	if n := possibleValues(text); n > maxValues {
		return nil, Problem{Message: fmt.Sprintf("the file may have %d values, and the limit is %d", n, maxValues)}
	}
	return text, Problem{}
}

// invalidByte returns the index of the first byte that is not valid UTF-8, or the
// length of text.
func invalidByte(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(text)
}

// possibleValues returns an upper bound of the number of values in the text. Each
// value except the first follows one of the signs that it counts. The bound is needed
// because the parser uses 200 bytes or more for a value that takes two bytes in the
// file.
func possibleValues(text []byte) int {
	n := 1
	for _, sign := range []string{"\n", ",", ":", "[", "{", "- ", "? "} {
		n += bytes.Count(text, []byte(sign))
	}
	return n + bytes.Count(text, []byte("\r")) - bytes.Count(text, []byte("\r\n"))
}

// limits counts the values of a policy, including those that aliases repeat.
type limits struct {
	values, bytes int
	exceeded      bool
}

// visit counts the value at n, and reports whether the parser may read it. It reports
// a problem at the first value over the limit.
func (p *parser) visit(at, value *yaml.Node) bool {
	p.steps++
	p.limits.values++
	p.limits.bytes += len(value.Value)
	if p.limits.values <= maxValues && p.limits.bytes <= MaxSize {
		return true
	}
	if !p.limits.exceeded {
		p.limits.exceeded = true
		p.problem(at, "use fewer aliases", "with its aliases replaced by their values, the policy exceeds the limit of %d values or %d MiB", maxValues, MaxSize>>20)
	}
	return false
}

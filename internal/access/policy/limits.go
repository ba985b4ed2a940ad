package policy

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

const (
	// MaxSize is how large the files of a policy may be together, in bytes.
	MaxSize = 16 << 20

	// maxValues is how many values a file may have, and the policy with what
	// its aliases repeat: some 200,000 permissions.
	maxValues = 1_000_000

	// maxDepth is how deep values may stand in others. Five levels are needed.
	maxDepth = 50
)

// TooLarge is the message of a policy that is larger than MaxSize.
const TooLarge = "the policy has more than 16 MiB, which is the limit"

// byteOrderMark may begin a file. It is no part of the policy.
const byteOrderMark = "\ufeff"

// readable returns text without its byte order mark. If it cannot be read as
// YAML in bounded memory, fault says why.
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

// invalidByte returns where the first byte is that is not UTF-8.
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

// possibleValues returns a number that is not smaller than that of the values
// in the text: each but the first stands behind one of the signs counted here.
// YAML takes 200 bytes and more for a value that is written with two.
func possibleValues(text []byte) int {
	n := 1
	for _, sign := range []string{"\n", ",", ":", "[", "{", "- ", "? "} {
		n += bytes.Count(text, []byte(sign))
	}
	return n + bytes.Count(text, []byte("\r")) - bytes.Count(text, []byte("\r\n"))
}

// limits count what was read of a policy, with what its aliases repeat.
type limits struct {
	values, bytes int
	exceeded      bool
}

// visit counts the value that stands at n, and says whether it may be read. If
// it is one too many, that is reported once.
func (p *parser) visit(at, value *yaml.Node) bool {
	p.steps++
	p.limits.values++
	p.limits.bytes += len(value.Value)
	if p.limits.values <= maxValues && p.limits.bytes <= MaxSize {
		return true
	}
	if !p.limits.exceeded {
		p.limits.exceeded = true
		p.problem(at, "repeat less with aliases", "the policy has more than %d values or %d MiB with what its aliases repeat, which is the limit", maxValues, MaxSize>>20)
	}
	return false
}

package output

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/ectl-io/ectl/internal/visible"
)

// Object holds a result as named values, in the order in which they are shown. A value is
// a string, bool, integer, Bytes, ID, LeaseID, []string, Object or []Object, or nil if it
// is unknown. Names of users and roles are strings, because the API encodes them in
// UTF-8.
type Object []Member

// Member is one named value of an Object.
type Member struct {
	Name  string
	Value any
}

// document encodes a Result in JSON as its document.
type document struct{ Result }

// MarshalJSON implements json.Marshaler.
func (d document) MarshalJSON() ([]byte, error) { return d.Document().MarshalJSON() }

// Bytes is a key or value. It is shown as text if it is UTF-8, otherwise in base64. The
// name of its member then ends with "_base64".
type Bytes []byte

// ID is the identifier of a cluster or member. It is shown in hexadecimal, as other
// commands accept it.
type ID uint64

// LeaseID is the identifier of a lease. It is shown in hexadecimal, as other commands
// accept it. Unlike other identifiers, it is signed.
type LeaseID int64

func (id LeaseID) String() string { return strconv.FormatInt(int64(id), 16) }

const base64Suffix = "_base64"

// plain returns the name and value of m as they are shown. Bytes and IDs become strings.
func (m Member) plain() (string, any) {
	switch v := m.Value.(type) {
	case Bytes:
		if utf8.Valid(v) {
			return m.Name, string(v)
		}
		return m.Name + base64Suffix, base64.StdEncoding.EncodeToString(v)
	case ID:
		return m.Name, strconv.FormatUint(uint64(v), 16)
	case LeaseID:
		return m.Name, v.String()
	}
	return m.Name, m.Value
}

// MarshalJSON returns the object as one line of JSON.
func (o Object) MarshalJSON() ([]byte, error) { return o.appendJSON(nil) }

// appendJSON appends the object as one line of JSON. It encodes integers and plain
// strings without encoding/json, because a range may have millions of keys.
func (o Object) appendJSON(b []byte) ([]byte, error) {
	b = append(b, '{')
	for i, member := range o {
		if i > 0 {
			b = append(b, ',')
		}
		name, value := member.plain()
		var err error
		if b, err = appendValueJSON(b, name); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if b, err = appendValueJSON(b, value); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendValueJSON(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case string:
		if isPlain(v) {
			b = append(b, '"')
			b = append(b, v...)
			return append(b, '"'), nil
		}
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case Object:
		return v.appendJSON(b)
	case []Object:
		if v == nil {
			return append(b, "[]"...), nil
		}
	case []string:
		if v == nil {
			return append(b, "[]"...), nil
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // keys may have "<"
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return append(b, visible.JSON(bytes.TrimSuffix(text.Bytes(), []byte{'\n'}))...), nil
}

// isPlain reports whether s needs no escapes in a quoted string of JSON or Go. Such a
// string is printable ASCII without quotes and backslashes.
func isPlain[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f || s[i] == '"' || s[i] == '\\' {
			return false
		}
	}
	return true
}

// appendTo returns the JSON object in text with the members of o added.
func (o Object) appendTo(text []byte) []byte {
	added, err := o.MarshalJSON()
	if err != nil || len(o) == 0 {
		return text
	}
	text = bytes.TrimSuffix(text, []byte("}"))
	if len(text) > 1 {
		text = append(text, ',')
	}
	return append(text, added[1:]...)
}

package policy

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"

	"github.com/ectl-io/ectl/internal/visible"
)

// asYAML returns JSON text in a form that YAML parses to the same values. JSON writes
// a character beyond 16 bits as two escapes, which YAML does not support. JSON also
// allows characters in strings that YAML rejects or treats as line breaks. asYAML
// returns text that is not a JSON object unchanged.
func asYAML(text []byte) []byte {
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	if !bytes.HasPrefix(trimmed, []byte("{")) || !json.Valid(trimmed) {
		return text
	}
	text = append(text[:len(text)-len(trimmed):len(text)-len(trimmed)], visible.JSON(trimmed)...)
	if !bytes.Contains(bytes.ToLower(text), []byte(`\ud`)) {
		return text
	}
	joined := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] == '\\' && i+1 < len(text) {
			if high, low, ok := surrogates(text[i:]); ok {
				joined = append(joined, string(utf16.DecodeRune(high, low))...)
				i += 2 * len(`\u0000`)
				continue
			}
			joined, i = append(joined, text[i], text[i+1]), i+2
			continue
		}
		joined, i = append(joined, text[i]), i+1
	}
	return joined
}

// surrogates parses the two escapes of one character at the start of text.
func surrogates(text []byte) (high, low rune, ok bool) {
	const length = len(`\u0000`)
	if len(text) < 2*length || text[1] != 'u' || text[length] != '\\' || text[length+1] != 'u' {
		return 0, 0, false
	}
	first, err1 := strconv.ParseUint(string(text[2:length]), 16, 16)
	second, err2 := strconv.ParseUint(string(text[length+2:2*length]), 16, 16)
	if err1 != nil || err2 != nil || utf16.DecodeRune(rune(first), rune(second)) == '\ufffd' {
		return 0, 0, false
	}
	return rune(first), rune(second), true
}

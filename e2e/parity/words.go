package parity

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// word is a shell word: literal pieces and variables, in order.
type word []piece

type piece struct {
	text     string
	variable bool // text is a variable's name
}

func (w word) hasVariable() bool {
	return slices.ContainsFunc(w, func(p piece) bool { return p.variable })
}

// expand replaces variables. With a nil lookup there must be none.
func expand(words []word, lookup func(string) (string, bool)) ([]string, error) {
	expanded := make([]string, len(words))
	for i, w := range words {
		var b strings.Builder
		for _, p := range w {
			if !p.variable {
				b.WriteString(p.text)
				continue
			}
			if lookup == nil {
				return nil, fmt.Errorf("$%s cannot be used here", p.text)
			}
			value, ok := lookup(p.text)
			if !ok {
				return nil, fmt.Errorf("$%s is not a name that the test sets", p.text)
			}
			b.WriteString(value)
		}
		expanded[i] = b.String()
	}
	return expanded, nil
}

// split cuts a line into words as a shell does, without any of the shell's
// operators: a semicolon or an angle bracket is a byte like any other.
func split(line string) ([]word, error) {
	var words []word
	var current word
	inWord := false
	literal := func(s string) {
		inWord = true
		current = append(current, piece{text: s})
	}
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c == ' ' || c == '\t':
			if inWord {
				words, current, inWord = append(words, current), nil, false
			}
			i++
		case c == '\'':
			end := strings.IndexByte(line[i+1:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("unterminated single quote")
			}
			literal(line[i+1 : i+1+end])
			i += end + 2
		case strings.HasPrefix(line[i:], "$'"):
			text, n, err := ansiQuoted(line[i+2:])
			if err != nil {
				return nil, err
			}
			literal(text)
			i += 2 + n
		case c == '"':
			i++
			literal("")
			for {
				if i >= len(line) {
					return nil, fmt.Errorf("unterminated double quote")
				}
				if line[i] == '"' {
					i++
					break
				}
				if name := variableName(line[i:]); name != "" {
					current = append(current, piece{text: name, variable: true})
					i += 1 + len(name)
					continue
				}
				if line[i] == '\\' && i+1 < len(line) && strings.IndexByte(`\"$`, line[i+1]) >= 0 {
					i++
				}
				literal(line[i : i+1])
				i++
			}
		case c == '\\' && i+1 < len(line):
			literal(line[i+1 : i+2])
			i += 2
		default:
			if name := variableName(line[i:]); name != "" {
				inWord = true
				current = append(current, piece{text: name, variable: true})
				i += 1 + len(name)
				continue
			}
			literal(line[i : i+1])
			i++
		}
	}
	if inWord {
		words = append(words, current)
	}
	return words, nil
}

// variableName is NAME if s begins with $NAME, else empty.
func variableName(s string) string {
	if len(s) == 0 || s[0] != '$' {
		return ""
	}
	end := 1
	for end < len(s) && (s[end] == '_' || s[end] >= 'A' && s[end] <= 'Z' || s[end] >= 'a' && s[end] <= 'z' || end > 1 && s[end] >= '0' && s[end] <= '9') {
		end++
	}
	return s[1:end]
}

// ansiQuoted reads what follows $' up to and with the closing quote.
func ansiQuoted(s string) (text string, length int, err error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			return b.String(), i + 1, nil
		case s[i] != '\\' || i+1 == len(s):
			b.WriteByte(s[i])
		default:
			i++
			switch s[i] {
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case 't':
				b.WriteByte('\t')
			case 'x':
				if i+2 >= len(s) {
					return "", 0, fmt.Errorf(`\x wants two digits`)
				}
				value, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
				if err != nil {
					return "", 0, fmt.Errorf(`\x wants two digits: %w`, err)
				}
				b.WriteByte(byte(value))
				i += 2
			default:
				b.WriteByte(s[i])
			}
		}
	}
	return "", 0, fmt.Errorf("unterminated $' quote")
}

package policy

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// syntax returns the problem of a file that is not YAML. It hides messages of the
// library that quote the file, because the text may be a secret.
func (p *parser) syntax(err error) Problem {
	problem := Problem{At: Position{File: p.file}, Message: notYAML}
	var fault *yaml.LoadError
	if !errors.As(err, &fault) {
		return problem
	}
	problem.At.Line, problem.At.Column = fault.Mark.Line, fault.Mark.Column
	message := strings.TrimPrefix(fault.Message, "yaml: ")
	switch {
	case strings.Contains(message, "no documents"):
		problem.Message, problem.Hint = "the file is empty", "write "+fieldAPIVersion+": "+APIVersion+" into its first line"
	case strings.Contains(message, "found multiple"):
		problem.Message, problem.Hint = "the file has several documents", "a policy is one; make a file of each and give them all with -f"
	case strings.Contains(message, "cannot start any token"):
		problem.Message = "found character that cannot start any token"
		problem.Hint = "YAML is indented with spaces, not with tabs; a word that begins with @ or ` needs quotes"
	case strings.HasPrefix(message, "control characters"):
		problem.Message, problem.Hint = "control characters are not allowed", `write them as escapes in double quotes, such as "\x1b"`
	case strings.HasPrefix(message, "unknown anchor"):
		problem.Message, problem.Hint = "an alias names an anchor that is not there", "put text that begins with * in quotes"
	case strings.Contains(message, "value contains itself"):
		problem.Message = "an anchor's value contains itself"
	case strings.Contains(message, "exceeded max depth"):
		problem.Message = fmt.Sprintf("values are nested deeper than the limit of %d levels", maxDepth)
	case quotesNothing(message) && fault.ContextMsg != "" && quotesNothing(fault.ContextMsg):
		problem.Message = fault.ContextMsg + ": " + message
	case quotesNothing(message):
		problem.Message = message
	}
	return problem
}

// notYAML is the message if the description of the library is hidden.
const notYAML = "the file is not YAML"

// quotesNothing reports whether the message of the YAML library contains no text of
// the file. The library puts such text in quotes or parentheses. The signs of YAML
// syntax do not count.
func quotesNothing(message string) bool {
	for _, sign := range yamlSigns() {
		message = strings.ReplaceAll(message, sign, "")
	}
	return !strings.ContainsAny(message, "'\"`(:")
}

// yamlSigns returns the signs of YAML syntax that the YAML library puts in quotes.
func yamlSigns() []string { return []string{"':'", "'!'", "','", "']'", "'}'", "'-'", "'>'", "'.'"} }

package usertable

import (
	"fmt"
	"strings"

	"github.com/ectl-io/ectl/internal/quantity"
)

// Problem is one fault of a table.
type Problem struct {
	File    string
	Line    int // from 1
	Message string
}

// String returns the problem with its place.
func (p Problem) String() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message) }

// Errors are the faults of a table.
type Errors []Problem

// maxShown is the maximum number of problems that an error lists.
const maxShown = 50

// Error implements error.
func (p Errors) Error() string { return strings.Join(p.Lines(), "\n") }

// Lines lets the error keep its lines, see visible.Error.
func (p Errors) Lines() []string {
	lines := make([]string, 0, min(len(p), maxShown)+2)
	for _, problem := range p[:min(len(p), maxShown)] {
		lines = append(lines, problem.String())
	}
	if more := len(p) - maxShown; more > 0 {
		lines = append(lines, "and "+quantity.Of(more, "more problem"))
	}
	return append(lines, "nothing was changed")
}

package cli

import (
	"encoding/csv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/exit"
)

// AddNames binds an option that takes several names to names. Commas and line
// breaks separate them, so that the output of another command can be given as it
// is. A name that holds one of these stands in double quotes. The option can be
// given several times.
func AddNames(fs *pflag.FlagSet, names *[]string, option, usage string) {
	fs.Var(&nameList{names: names}, option, usage+", separated by commas or line breaks")
}

// nameList is the value of an option of AddNames. pflag's own slice of strings
// reads one line, and drops those behind it.
type nameList struct{ names *[]string }

// String implements pflag.Value. There is no default to show.
func (*nameList) String() string { return "" }

// Type implements pflag.Value.
func (*nameList) Type() string { return "strings" }

// Set implements pflag.Value.
func (l *nameList) Set(text string) error {
	lines := csv.NewReader(strings.NewReader(text))
	lines.FieldsPerRecord = -1 // each line has as many as it has
	records, err := lines.ReadAll()
	if err != nil {
		return exit.BadArgsf("%w: a name with a comma, a quote or a line break stands in double quotes", err)
	}
	for _, record := range records {
		*l.names = append(*l.names, record...)
	}
	return nil
}

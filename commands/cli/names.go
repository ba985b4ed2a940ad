package cli

import (
	"encoding/csv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/exit"
)

// AddNames binds an option for several names to names. The names are separated by
// commas or line breaks, so the output of another command can be given unchanged. A
// name that contains one of these must be in double quotes. The option can be given
// several times.
func AddNames(fs *pflag.FlagSet, names *[]string, option, usage string) {
	fs.Var(&nameList{names: names}, option, usage+", separated by commas or line breaks")
}

// nameList is the value of an option of AddNames. The string slice of pflag reads only
// the first line.
type nameList struct{ names *[]string }

// String implements pflag.Value. There is no default to show.
func (*nameList) String() string { return "" }

// Type implements pflag.Value.
func (*nameList) Type() string { return "strings" }

// Set implements pflag.Value.
func (l *nameList) Set(text string) error {
	lines := csv.NewReader(strings.NewReader(text))
	lines.FieldsPerRecord = -1 // the number of fields may vary
	records, err := lines.ReadAll()
	if err != nil {
		return exit.BadArgsf("%w: put a name with a comma, a quote or a line break in double quotes", err)
	}
	for _, record := range records {
		*l.names = append(*l.names, record...)
	}
	return nil
}

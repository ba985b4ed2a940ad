package cli

import "github.com/spf13/pflag"

// HelpWidth is the maximum length of the lines of help texts, in columns.
const HelpWidth = 80

// FlagUsages returns the help text of flags, with lines of at most HelpWidth columns. The
// further lines of a flag are indented to the first one.
func FlagUsages(flags *pflag.FlagSet) string { return flags.FlagUsagesWrapped(HelpWidth) }

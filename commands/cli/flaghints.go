package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/suggest"
)

// UnknownFlagHint asks whether the user means another flag of cmd. It returns an empty
// string if no flag is similar.
func UnknownFlagHint(cmd *cobra.Command, unknown *pflag.NotExistError) string {
	word := unknown.GetSpecifiedName()
	var names []string
	if unknown.GetSpecifiedShortnames() == "" {
		names = flagsLike(word, cmd.Flags())
	} else {
		names = slices.DeleteFunc(suggest.Shorthands()[word], func(name string) bool { return cmd.Flags().Lookup(name) == nil })
	}
	for i, name := range names {
		names[i] = "--" + name
	}
	return suggest.Question(names)
}

// flagsLike returns the names of flags that word may mean, the most probable first.
func flagsLike(word string, flags *pflag.FlagSet) []string {
	var known []string
	flags.VisitAll(func(flag *pflag.Flag) { known = append(known, flag.Name) })
	return suggest.Words(word, known, suggest.Flags())
}

// ValueHint returns how to correct an invalid value of the flag, or an empty string. It
// contains value only if that is a number, with or without a unit.
func ValueHint(flag *pflag.Flag, value string) string {
	switch flag.Value.Type() {
	case "duration":
		if meant := durationLike(value); meant != "" {
			return "did you mean " + meant + "?"
		}
		return "want a number with a unit, such as 5s, 2m or 1h30m"
	case "int", "int64", "uint":
		if meant := bytesLike(value); meant != "" && strings.HasSuffix(flag.Name, "bytes") {
			return "want a number of bytes; did you mean " + meant + "?"
		}
		return "want a whole number"
	case "bool":
		return "want true or false"
	}
	return ""
}

// durationLike returns the duration that value probably means: a number without a unit,
// or with one that Go does not know.
func durationLike(value string) string {
	parts := regexp.MustCompile(`^\s*(\d+|\d*\.\d+)\s*(\pL*)\s*$`).FindStringSubmatch(value)
	if parts == nil {
		return ""
	}
	number, unit := parts[1], strings.ToLower(parts[2])
	for _, u := range []struct {
		short string
		names []string
	}{
		{"s", []string{"", "s", "sec", "secs", "second", "seconds"}},
		{"m", []string{"m", "min", "mins", "minute", "minutes"}},
		{"h", []string{"h", "hr", "hrs", "hour", "hours"}},
		{"ms", []string{"ms", "msec", "millis", "milliseconds"}},
	} {
		if slices.Contains(u.names, unit) {
			return number + u.short
		}
	}
	days, err := strconv.Atoi(number)
	if err == nil && slices.Contains([]string{"d", "day", "days"}, unit) && days < maxDays {
		return strconv.Itoa(int((time.Duration(days) * 24 * time.Hour).Hours())) + "h"
	}
	return ""
}

// maxDays is the number of days that a duration can hold.
const maxDays = 100_000

// bytesLike returns the number of bytes that value, such as 10MiB, probably means.
func bytesLike(value string) string {
	parts := regexp.MustCompile(`^\s*(\d{1,6})\s*([kKmMgG])(i?[bB])?\s*$`).FindStringSubmatch(value)
	if parts == nil {
		return ""
	}
	number, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return ""
	}
	shift := map[string]int{"k": 10, "m": 20, "g": 30}[strings.ToLower(parts[2])]
	return fmt.Sprint(number << shift)
}

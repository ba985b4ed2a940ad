package e2e

import (
	"regexp"
	"testing"
)

var leaseIDPatterns = []*regexp.Regexp{
	regexp.MustCompile(`(lease )[0-9a-f]{16}( )`),
	regexp.MustCompile(`(?m)("ID" : )[0-9a-f]+()$`),
	regexp.MustCompile(`("ID":)[0-9]+(,)`),
}

var remainingPatterns = []*regexp.Regexp{
	regexp.MustCompile(`(remaining\()[0-9]+(s\))`),
	regexp.MustCompile(`(?m)("TTL" : )[0-9]+()$`),
	regexp.MustCompile(`("ttl":)[0-9]+(,)`),
}

// replacing replaces what patterns match between their two groups.
func replacing(patterns []*regexp.Regexp, by string) func(*testing.T, *groupRun, *side) func(string) string {
	return func(*testing.T, *groupRun, *side) func(string) string {
		return func(text string) string {
			for _, pattern := range patterns {
				text = pattern.ReplaceAllString(text, "${1}"+by+"${2}")
			}
			return text
		}
	}
}

// Package quantity formats a number with its noun, in the singular or plural.
package quantity

import "strconv"

// Of returns the number n and the noun, in the plural unless n is 1: "1 key",
// "2 keys", "0 keys". The plural of the noun must be the noun with an s.
func Of[N int | int64](n N, noun string) string {
	text := strconv.FormatInt(int64(n), 10) + " " + noun
	if n != 1 {
		text += "s"
	}
	return text
}

// Grouped returns the number with commas between groups of three digits: "1,203".
func Grouped[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Verb returns one if n is 1, and otherwise many: "was" or "were".
func Verb[N int | int64](n N, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

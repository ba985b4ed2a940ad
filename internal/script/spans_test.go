package script

import (
	"fmt"
	"testing"
)

func TestSpansOfATextThatIsTyped(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "[] false",
		"get k":              "[{0 3 get} {4 5 k}] false",
		"get 'a b":           "[{0 3 get} {4 8 a b}] false",
		`get "a b`:           "[{0 3 get} {4 8 a b}] false",
		"get k | le":         "[{0 3 get} {4 5 k}] true",
		"get k > ":           "[{0 3 get} {4 5 k}] true",
		"get k |":            "[{0 3 get} {4 5 k}] true",
		"put k v\nget l":     "[{8 11 get} {12 13 l}] false",
		"put k \\\n v":       "[{0 3 put} {4 5 k} {9 10 v}] false",
		`user add "bob" 'x'`: "[{0 4 user} {5 8 add} {9 14 bob} {15 18 x}] false",
	} {
		spans, tail := Spans(text)
		if got := fmt.Sprint(spans, tail); got != want {
			t.Errorf("Spans(%q) = %s, want %s", text, got, want)
		}
	}
}

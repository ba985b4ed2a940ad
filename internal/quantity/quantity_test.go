package quantity

import "testing"

func TestOneOfSomethingIsSingular(t *testing.T) {
	for n, want := range map[int64]string{0: "0 keys were", 1: "1 key was", 2: "2 keys were", 1_000_000: "1000000 keys were"} {
		t.Run(want, func(t *testing.T) {
			if got := Of(n, "key") + " " + Verb(n, "was", "were"); got != want {
				t.Errorf("%d is written %q, want %q", n, got, want)
			}
		})
	}
}

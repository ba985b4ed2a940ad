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

func TestGroupedSeparatesThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 12: "12", 999: "999", 1203: "1,203", 123456: "123,456", 1234567: "1,234,567", -123: "-123", -1203: "-1,203"} {
		if got := Grouped(n); got != want {
			t.Errorf("Grouped(%d) = %q, want %q", n, got, want)
		}
	}
}

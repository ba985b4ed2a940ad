package output

import "testing"

func TestSizesAreEtcdctls(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 9: "9 B", 10: "10 B", 999: "999 B", 1000: "1.0 kB", 1049: "1.0 kB", 1050: "1.1 kB", 9949: "9.9 kB", 9950: "10 kB",
		10_450: "10 kB", 10_500: "10 kB", 11_500: "12 kB", 20_480: "20 kB", 999_999: "1000 kB", 1_000_000: "1.0 MB",
		999_999_999: "1000 MB", 1_000_000_000: "1.0 GB", 2_147_483_648: "2.1 GB", 8_589_934_592: "8.6 GB", 1<<63 - 1: "9.2 EB",
	} {
		t.Run(want, func(t *testing.T) {
			if got := Bytesize(n); got != want {
				t.Errorf("%d bytes are %s, want %s", n, got, want)
			}
		})
	}
}

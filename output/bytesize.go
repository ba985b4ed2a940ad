package output

import (
	"fmt"
	"math"
)

// Bytesize is a number of bytes for people, in powers of 1000 and as etcdctl
// writes it: "16 kB", "2.1 GB". One decimal is shown below ten.
func Bytesize(n int64) string {
	if n < 10 {
		return fmt.Sprintf("%d B", n)
	}
	power := math.Floor(math.Log(float64(n)) / math.Log(1000))
	unit := []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}[int(power)]
	// It is rounded twice, which shows: 10.45 kB is 10 kB.
	value := math.Floor(float64(n)/math.Pow(1000, power)*10+0.5) / 10
	if value < 10 {
		return fmt.Sprintf("%.1f %s", value, unit)
	}
	return fmt.Sprintf("%.0f %s", value, unit)
}

package output

import (
	"fmt"
	"math"
)

// Bytesize formats a number of bytes in powers of 1000, as etcdctl does: "16 kB" or
// "2.1 GB". Values below ten have one decimal, except bytes.
func Bytesize(n int64) string {
	if n < 10 {
		return fmt.Sprintf("%d B", n)
	}
	power := math.Floor(math.Log(float64(n)) / math.Log(1000))
	unit := []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}[int(power)]
	// The value is rounded twice, as in etcdctl: 11.45 kB becomes 11.5 and then 12.
	value := math.Floor(float64(n)/math.Pow(1000, power)*10+0.5) / 10
	if value < 10 {
		return fmt.Sprintf("%.1f %s", value, unit)
	}
	return fmt.Sprintf("%.0f %s", value, unit)
}

package workload

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/etcd"
)

func TestMetricIsAFiniteNumberOrAnError(t *testing.T) {
	for _, c := range []struct{ page, want string }{
		{"memory_bytes 5e+07\n", "5e+07"},
		{"# TYPE memory_bytes gauge\nmemory_bytes_total 3\nmemory_bytes 7\n", "7"},
		{"memory_bytes +Inf\n", "parse error: memory_bytes is +Inf"},
		{"memory_bytes -Inf\n", "parse error: memory_bytes is -Inf"},
		{"memory_bytes NaN\n", "parse error: memory_bytes is NaN"},
		{"memory_bytes 1e400\n", "parse error: "},
		{"memory_bytes many\n", "parse error: "},
		{"memory_bytes \n", "parse error: "},
		{"memory_bytes_total 3\n", "could not find: memory_bytes"},
		{"", "could not find: memory_bytes"},
	} {
		t.Run(c.page, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, c.page) }))
			defer server.Close()
			options := &etcd.Options{InsecureTransport: true, Endpoints: []string{server.URL}}
			dialer, err := etcd.NewDialer(t.Context(), options, nil, func(text string) { t.Error(text) })
			if err != nil {
				t.Fatal(err)
			}
			number, err := Metric(t.Context(), dialer, server.URL, "memory_bytes")
			got := fmt.Sprint(number)
			if err != nil {
				got = err.Error()
			}
			if got != c.want && (err == nil || !strings.HasPrefix(got, c.want)) {
				t.Errorf("the page %q gives %s, want %s", c.page, got, c.want)
			}
		})
	}
}

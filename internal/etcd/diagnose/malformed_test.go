package diagnose

import (
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func TestAMalformedEndpointLeadsToWhatIsMeant(t *testing.T) {
	for endpoint, want := range map[string]string{
		"":                          "it is empty; is there a comma too many?",
		"localhost":                 "it has no port; did you mean localhost:2379?",
		"127.0.0.1:":                "it has no port; did you mean 127.0.0.1:2379?",
		"http://etcd1":              "it has no port; did you mean http://etcd1:2379?",
		"https://etcd1/":            "it has no port; did you mean https://etcd1:2379?",
		"[::1]":                     "it has no port; did you mean [::1]:2379?",
		"http:/etcd1:2379":          "did you mean http://etcd1:2379?",
		"http:etcd1:2379":           "did you mean http://etcd1:2379?",
		"http//etcd1:2379":          "did you mean http://etcd1:2379?",
		"HTTPS:/etcd1:2379":         "did you mean https://etcd1:2379?",
		"a:1 b:2":                   "endpoints are separated by commas; did you mean a:1,b:2?",
		"a:1; b:2":                  "endpoints are separated by commas; did you mean a:1,b:2?",
		"[::1:2379":                 "an IPv6 address is put in brackets; did you mean [::1]:2379?",
		"::1]:2379":                 "an IPv6 address is put in brackets; did you mean [::1]:2379?",
		"http://[::1:2379":          "an IPv6 address is put in brackets; did you mean http://[::1]:2379?",
		"2001:db8::1:2:3:4:5:23790": "an IPv6 address is put in brackets; did you mean [2001:db8::1:2:3:4:5]:23790?",
		"::1":                       "an IPv6 address is put in brackets, before the port; did you mean [::1]:2379?",
		"fe80::1%eth0":              "an IPv6 address is put in brackets, before the port; did you mean [fe80::1%eth0]:2379?",
		"fe80::1%eth0:23790":        "an IPv6 address is put in brackets; did you mean [fe80::1%eth0]:23790?",
		"htp://a:1":                 `unknown scheme "htp"; did you mean http://a:1?`,
		"htps://a:1":                `did you mean https://a:1?`,
		"tcp://a:1":                 `unknown scheme "tcp"; did you mean http://a:1?`,
		"etcd1=http://a:1":          `did you mean http://a:1?`,
		"http://http://a:1":         "it has two schemes; did you mean http://a:1?",
		"a:1/":                      "has no path; did you mean a:1?",
		"a:1:2":                     "too many colons in address; want HOST:PORT",
		"a:port":                    `port "port" is not a number`,
		"a:99999":                   "port 99999 is not between 0 and 65535",
		// These may work.
		"a:2379": "", "http://a:2379": "", "HTTPS://a:2379/": "", "http://a:2379/v3": "", "[::1]:2379": "", ":2379": "", "http:2379": "",
		"unix:/run/etcd.sock": "", "unixs://a:1": "", "http://[fe80::1%25eth0]:2379": "", "[fe80::1%eth0]:2379": "", "a:http": "",
	} {
		t.Run(endpoint, func(t *testing.T) {
			if got := Malformed(endpoint); !strings.Contains(got, want) || want == "" && got != "" {
				t.Errorf("%s: %q, want %q", endpoint, got, want)
			}
		})
	}
	for endpoint, want := range map[string]string{
		"[fe80::1%eth0]:2379":          "did you mean http://[fe80::1%25eth0]:2379?",
		"https://[fe80::1%eth0]:2379":  "did you mean https://[fe80::1%25eth0]:2379?",
		"http://[fe80::1%25eth0]:2379": "",
		"a:2379":                       "",
	} {
		if got := BadZone(endpoint); !strings.HasSuffix(got, want) || want == "" && got != "" {
			t.Errorf("the zone of %s: %q, want %q", endpoint, got, want)
		}
	}
}

func TestMalformedEndpointsAloneCannotBeReached(t *testing.T) {
	if d := diagnosisOfAll("localhost", "http:/a:1"); d.Unreachable() == nil || !strings.Contains(d.Unreachable().Error(), "localhost: it has no port; did you mean localhost:2379?; http:/a:1: did you mean http://a:1?") {
		t.Errorf("malformed endpoints: %v", d.Unreachable())
	}
	d := diagnosisOfAll("localhost", "127.0.0.1:1")
	if d.Unreachable() != nil {
		t.Errorf("one endpoint of two: %v", d.Unreachable())
	}
	if got := d.attempts.reason(""); !strings.HasPrefix(got, "localhost: it has no port; ") {
		t.Errorf("the reason is %q", got)
	}
}

func diagnosisOfAll(endpoints ...string) *Diagnosis {
	return New(Config{Client: clientv3.Config{Endpoints: endpoints}})
}

package etcd

import "testing"

func TestALoginInAnEndpointIsFound(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://root:pw@h:1":           "http://h:1",
		"HTTPS://root:pw@h:1":          "https://h:1",
		"root:pw@h:1":                  "h:1",
		"x://root:pw@h:1":              "h:1",
		"http://root%3Apw%40h:1":       "http://h:1",
		"http://root:pw%2540h:1":       "http://h:1",
		"http%3A%2F%2Froot%3Apw%40h:1": "h:1",
		"http://h:1?password=pw":       "http://h:1",
		"http://h:1/?password=pw":      "http://h:1/",
		"http://h:1%3Fpassword=pw":     "http://h:1",
		"http://h:1#pw":                "http://h:1",
		"h:1?password=pw":              "h:1",
		"unix://root:pw@/tmp/x":        "unix:///tmp/x",
		"unix:root:pw@/tmp/x":          "unix:/tmp/x",
		"unixs://root:pw@x":            "unixs://x",
		"UNIX://root:pw@/tmp/x":        "UNIX:///tmp/x",
		"unix://root%3Apw%40/tmp/x":    "unix:///tmp/x",
		"unix:@root:pw@x":              "unix:x",
	} {
		if got, found := WithoutUserInfo(endpoint); got != want || !found {
			t.Errorf("%s without user info is %s, found: %t; want %s", endpoint, got, found, want)
		}
	}
	for _, endpoint := range []string{
		"h:1", "http://h:1", "https://h:1/", "http://[fe80::1%25eth0]:1", "[fe80::1%40]:1", "http://[fe80::1%2540]:1", "[fe80::1%234]:1", "%", "http://h:1/%", "a%4",
		"unix:@abstract", "unix://@abstract", "unixs:@a:1", "unix:///run/a:b@c", "unix:/run/a:b@c", "unix://etcd@1", "unix:etcd.sock:2379", "unix://127.0.0.1:2379",
	} {
		if got, found := WithoutUserInfo(endpoint); got != endpoint || found {
			t.Errorf("%s has user info: %t, and is %s without it", endpoint, found, got)
		}
	}
}

package etcd

import (
	"slices"
	"testing"
)

func TestAPasswordIsExposedOverANetworkWithoutTLS(t *testing.T) {
	plain, tls, skip := Options{InsecureTransport: true}, Options{InsecureTransport: false}, Options{InsecureTransport: true, InsecureSkipTLSVerify: true}
	withCA, withCert := Options{InsecureTransport: true, CACert: "ca.pem"}, Options{InsecureTransport: true, Cert: "cert.pem", Key: "key.pem"}
	for _, test := range []struct {
		endpoint string
		options  Options
		want     bool
	}{
		{"etcd-1:2379", plain, true},
		{"10.0.0.1:2379", plain, true},
		{"[2001:db8::1]:2379", plain, true},
		{"http://etcd-1:2379", plain, true},
		{"http://etcd-1:2379", tls, true}, // the scheme decides
		{"http://etcd-1:2379", withCA, true},
		{"etcd-1:2379", tls, false},
		{"etcd-1:2379", withCA, false},
		{"etcd-1:2379", withCert, false},
		{"etcd-1:2379", skip, false},
		{"https://etcd-1:2379", plain, false},
		{"127.0.0.1:2379", plain, false},
		{"http://127.0.0.1:2379", plain, false},
		{"127.1.2.3:2379", plain, false},
		{"localhost:2379", plain, false},
		{"http://localhost:2379", plain, false},
		{"[::1]:2379", plain, false},
		{"http://[::1]:2379", plain, false},
		{"unix:///run/etcd.sock", plain, false},
		{"unixs:///run/etcd.sock", plain, false},
		{"localhost.example.com:2379", plain, true},
		{"http://127.0.0.1.example.com:2379", plain, true},
		{"0.0.0.0:2379", plain, true},
	} {
		got := test.options.exposed([]string{test.endpoint})
		if slices.Contains(got, test.endpoint) != test.want {
			t.Errorf("a password to %s with %+v is exposed: %q, want %t", test.endpoint, test.options, got, test.want)
		}
	}
}

func TestEndpointsAreTakenAsTheyAreGiven(t *testing.T) {
	options := Options{Endpoints: []string{"a:1", " b:2", "https://c:3 "}}
	got, ignored, err := options.resolveEndpoints(t.Context())
	if err != nil || len(ignored) > 0 || !slices.Equal(got, []string{"a:1", "b:2", "https://c:3"}) {
		t.Errorf("endpoints are %q, ignored %q, %v", got, ignored, err)
	}
}

func TestTheFirstEndpointDecidesWhetherAllSpeakTLS(t *testing.T) {
	options := Options{InsecureTransport: true}
	for _, test := range []struct {
		endpoints []string
		want      int // exposed
	}{
		{[]string{"http://a:1", "https://b:2"}, 2},
		{[]string{"https://a:1", "http://b:2"}, 0},
		{[]string{"http://127.0.0.1:1", "b:2"}, 1},
	} {
		if got := options.exposed(test.endpoints); len(got) != test.want {
			t.Errorf("a password to %q is exposed to %q, want %d of them", test.endpoints, got, test.want)
		}
	}
}

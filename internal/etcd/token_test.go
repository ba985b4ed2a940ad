package etcd

import (
	"encoding/base64"
	"testing"
	"time"
)

func TestTheExpiryOfATokenIsReadAndNotTrusted(t *testing.T) {
	token := func(claims string) string {
		part := base64.RawURLEncoding.EncodeToString
		return part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(claims)) + ".signature"
	}
	for claims, want := range map[string]int64{
		`{"exp":1767225600}`:                       1767225600,
		`{"exp":1767225600.9,"username":"root"}`:   1767225600,
		`{"username":"root","exp":0,"revision":1}`: 0,
	} {
		if got, ok := tokenExpiry(token(claims)); !ok || !got.Equal(time.Unix(want, 0)) {
			t.Errorf("the token of %s expires at %v, %t; want %v", claims, got, ok, time.Unix(want, 0))
		}
	}
	for name, token := range map[string]string{
		"no token":              "",
		"a simple token":        "abcdefgh.42",
		"no expiry":             token(`{"username":"root"}`),
		"an expiry of text":     token(`{"exp":"tomorrow"}`),
		"no JSON":               token(`exp`),
		"no base64":             "a.!.c",
		"four parts":            token(`{"exp":1}`) + ".d",
		"an expiry that is nil": token(`{"exp":null}`),
	} {
		if got, ok := tokenExpiry(token); ok {
			t.Errorf("%s expires at %v, want no expiry", name, got)
		}
	}
}

func FuzzTokenExpiryTakesAnyText(f *testing.F) {
	f.Add("a.e30.c")
	f.Add("a.eyJleHAiOjFlMzA4fQ.c") // 1e308
	f.Fuzz(func(t *testing.T, token string) {
		if expiry, ok := tokenExpiry(token); ok {
			_ = expiry.Format(time.RFC3339)
		}
	})
}

package etcd

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

func TestWhatATokenSaysIsReadAndNotTrusted(t *testing.T) {
	token := func(claims string) string {
		part := base64.RawURLEncoding.EncodeToString
		return part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(claims)) + ".signature"
	}
	for claims, want := range map[string]int64{
		`{"exp":1767225600}`:                       1767225600,
		`{"exp":1767225600.9,"username":"root"}`:   1767225600,
		`{"username":"root","exp":0,"revision":1}`: 0,
	} {
		got := ReadToken(token(claims))
		if !got.JWT || !got.Expiry.Equal(time.Unix(want, 0)) {
			t.Errorf("the token of %s is %+v, want a JWT that expires at %v", claims, got, time.Unix(want, 0))
		}
		if user := map[bool]string{true: "root"}[strings.Contains(claims, "root")]; got.User != user {
			t.Errorf("the token of %s is of %q, want %q", claims, got.User, user)
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
		got := ReadToken(token)
		if !got.Expiry.IsZero() {
			t.Errorf("%s expires at %v, want no expiry", name, got.Expiry)
		}
		if jwt := strings.Contains(name, "expiry"); got.JWT != jwt {
			t.Errorf("%s is a JWT: %t", name, got.JWT)
		}
	}
}

func FuzzReadTokenTakesAnyText(f *testing.F) {
	f.Fuzz(func(t *testing.T, token string) {
		_ = ReadToken(token).Expiry.Format(time.RFC3339)
	})
}

package output

import (
	"strconv"
	"strings"
	"time"

	"github.com/ectl-io/ectl/internal/access"
)

// WhoAmI is the result of "whoami".
type WhoAmI struct {
	User    string // empty if it is unknown
	By      string // its source: "password", "token", "certificate" or "nothing"
	Known   bool   // the user exists
	Enabled bool   // authentication is on
	Roles   []string
	access.Effective

	Token       *TokenInUse       // nil if there is none
	Certificate *CertificateInUse // the given one, even if the server ignores it
}

// TokenInUse is the token that requests are sent with.
type TokenInUse struct {
	JWT    bool      // false for one of etcd's simple tokens
	Expiry time.Time // zero if the token does not have it
}

// CertificateInUse is the client's certificate.
type CertificateInUse struct {
	Subject, CommonName string
	NotAfter            time.Time
}

func (t TokenInUse) kind() string {
	if t.JWT {
		return "jwt"
	}
	return "simple"
}

// name describes the user.
func (r WhoAmI) name() string {
	switch {
	case r.User != "" && r.Known:
		return plainName(r.User)
	case r.User != "":
		return plainName(r.User) + ", which is no user"
	case r.By == "token":
		return "unknown: the token does not say whose it is"
	}
	return "nobody"
}

// may describes the keys that the user may read or write. While authentication is off,
// these are all keys.
func (r WhoAmI) may(keys access.Set) string {
	switch {
	case !r.Enabled && r.Known:
		return "every key, while authentication is off; then " + keys.String()
	case !r.Enabled:
		return "every key, while authentication is off"
	case !r.Known && r.User == "" && r.By == "token":
		return "unknown"
	}
	return keys.String()
}

func (r WhoAmI) authentication() string { return AuthSwitched{Enabled: r.Enabled}.state() }

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Simple implements Result.
func (r WhoAmI) Simple(t *Text) {
	t.Linef("user: %s", r.name())
	by := r.By
	if r.Token != nil && r.By != "token" {
		by += ", for a token of kind " + r.Token.kind()
	} else if r.Token != nil {
		by += " of kind " + r.Token.kind()
	}
	t.Linef("known by: %s", by)
	t.Linef("authentication: %s", r.authentication())
	if r.Known {
		t.Linef("roles: %s", strings.Join(plainNames(r.Roles), ", "))
		t.Linef("root: %s", yesNo(r.Root))
	}
	t.Linef("may read: %s", r.may(r.Read))
	t.Linef("may write: %s", r.may(r.Write))
	if r.Token != nil && !r.Token.Expiry.IsZero() {
		t.Linef("token expires: %s", date(r.Token.Expiry))
	}
	if r.Certificate != nil {
		t.Linef("certificate: %s", cell([]byte(r.Certificate.Subject)))
		t.Linef("certificate expires: %s", date(r.Certificate.NotAfter))
	}
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// Table implements Result.
func (r WhoAmI) Table() TableData {
	token, tokenExpires, certificate, certificateExpires := "", "", "", ""
	if r.Token != nil {
		token, tokenExpires = r.Token.kind(), date(r.Token.Expiry)
	}
	if r.Certificate != nil {
		certificate, certificateExpires = cell([]byte(r.Certificate.Subject)), date(r.Certificate.NotAfter)
	}
	return oneRow("user", r.name(), "known by", r.By, "authentication", r.authentication(), "roles", strings.Join(plainNames(r.Roles), "\n"), "root", strconv.FormatBool(r.Root),
		"may read", strings.ReplaceAll(r.may(r.Read), ", ", "\n"), "may write", strings.ReplaceAll(r.may(r.Write), ", ", "\n"),
		"token", token, "token expires", tokenExpires, "certificate", certificate, "certificate expires", certificateExpires)
}

// Document implements Result.
func (r WhoAmI) Document() Object {
	document := Object{{"user", r.User}, {"known_by", r.By}, {"known", r.Known}, {"authentication", r.authentication()}}
	if r.Known {
		document = append(document, Member{"roles", r.Roles}, Member{"root", r.Root},
			Member{"read", rangeItems(r.Read)}, Member{"write", rangeItems(r.Write)}, Member{"grants", grantItems(r.Grants)})
	}
	if r.Token != nil {
		token := Object{{"kind", r.Token.kind()}}
		if !r.Token.Expiry.IsZero() {
			token = append(token, Member{"expires", date(r.Token.Expiry)})
		}
		document = append(document, Member{"token", token})
	}
	if c := r.Certificate; c != nil {
		document = append(document, Member{"certificate", Object{
			{"subject", Bytes(c.Subject)}, {"common_name", Bytes(c.CommonName)}, {"expires", date(c.NotAfter)}}})
	}
	return document
}

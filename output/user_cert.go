package output

// UserCertificate is the result of "user get-cert".
type UserCertificate struct {
	User      string
	Created   bool // the user was created, too
	CertFile  string
	KeyFile   string // empty if --csr supplied the key
	Issuer    string // distinguished name
	Serial    string // hexadecimal
	NotBefore string // RFC 3339
	NotAfter  string
	Unchanged bool // the existing certificate was kept
}

func (r UserCertificate) result() string {
	if r.Unchanged {
		return "unchanged"
	}
	return "written"
}

// Simple implements Result.
func (r UserCertificate) Simple(t *Text) {
	if r.Unchanged {
		return
	}
	if r.Created {
		t.Linef("User %s created", r.User)
	}
	line := "Certificate of user " + r.User + " saved at " + r.CertFile
	if r.KeyFile != "" {
		line += ", its key at " + r.KeyFile
	}
	t.Linef("%s", line)
	t.Linef("Valid until %s, signed by %s", r.NotAfter, r.Issuer)
}

// Table implements Result.
func (r UserCertificate) Table() TableData {
	return oneRow("user", cell([]byte(r.User)), "certificate", cell([]byte(r.CertFile)), "key", cell([]byte(r.KeyFile)),
		"valid until", r.NotAfter, "issuer", cell([]byte(r.Issuer)), "serial", r.Serial, "result", r.result())
}

// Document implements Result.
func (r UserCertificate) Document() Object {
	document := Object{{"user", r.User}, {"certificate", Bytes(r.CertFile)}}
	if r.KeyFile != "" {
		document = append(document, Member{"key", Bytes(r.KeyFile)})
	}
	return append(document,
		Member{"issuer", Bytes(r.Issuer)}, Member{"serial", r.Serial},
		Member{"not_before", r.NotBefore}, Member{"not_after", r.NotAfter},
		Member{"user_created", r.Created}, Member{"result", r.result()}, Member{"changed", !r.Unchanged})
}

// CertificateRequest is the result of "user get-cert --csr-out".
type CertificateRequest struct {
	User        string
	Created     bool // the user was created, too
	RequestFile string
	KeyFile     string
}

// Simple implements Result.
func (r CertificateRequest) Simple(t *Text) {
	if r.Created {
		t.Linef("User %s created", r.User)
	}
	t.Linef("Request for a certificate of user %s saved at %s, its key at %s", r.User, r.RequestFile, r.KeyFile)
}

// Table implements Result.
func (r CertificateRequest) Table() TableData {
	return oneRow("user", cell([]byte(r.User)), "request", cell([]byte(r.RequestFile)), "key", cell([]byte(r.KeyFile)), "result", "written")
}

// Document implements Result.
func (r CertificateRequest) Document() Object {
	return Object{{"user", r.User}, {"request", Bytes(r.RequestFile)}, {"key", Bytes(r.KeyFile)}, {"user_created", r.Created}, {"result", "written"}}
}

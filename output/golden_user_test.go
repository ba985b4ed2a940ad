package output

// userResults are those of "user" and "auth" that etcdctl has nothing like.
func userResults() []printed {
	var cases []printed
	add := func(of, name string, r Result) {
		cases = append(cases, printed{name: name, of: of, own: FormatsOf(r), write: func(p *Printer) error { return p.Print(r) }})
	}
	certificate := UserCertificate{User: "bob", CertFile: "bob.crt", KeyFile: "/etc/keys/bob.key", Issuer: "CN=etcd ca,O=Acme\\, Inc.",
		Serial: "5f3a9c0011223344", NotBefore: "2026-01-02T03:04:05Z", NotAfter: "2026-04-02T03:04:05Z"}
	add("UserCertificate", "user-certificate", certificate)
	certificate.KeyFile, certificate.Created = "", true
	add("UserCertificate", "user-certificate-created", certificate)
	certificate.Created, certificate.Unchanged = false, true
	add("UserCertificate", "user-certificate-unchanged", certificate)
	add("CertificateRequest", "certificate-request", CertificateRequest{User: "bob", RequestFile: "bob.csr", KeyFile: "bob.key"})
	add("CertificateRequest", "certificate-request-created", CertificateRequest{User: "bob", Created: true, RequestFile: "bob.csr", KeyFile: "bob.key"})
	add("PasswordChecked", "password-checked-yes", PasswordChecked{User: "bob", Right: true})
	add("PasswordChecked", "password-checked-no", PasswordChecked{User: "bob", Reason: "it is another one, or there is no such user"})
	add("UserOffboarded", "user-offboarded", UserOffboarded{Name: "bob", Roles: []string{"app", "readers"}, Deleted: true, Header: header()})
	add("UserOffboarded", "user-offboarded-idempotent", UserOffboarded{Name: "bob", Deleted: true, Header: header(), Idempotent: true})
	add("UserOffboarded", "user-offboarded-unchanged", UserOffboarded{Name: "bob", Idempotent: true})
	cases = append(cases, printed{name: "bootstrapped", of: "Bootstrapped", write: func(p *Printer) error {
		for _, step := range []BootstrapStep{
			{Says: "Password of root generated", Passwords: []GeneratedPassword{{User: "root", Password: "Kp7vQmZ3xTnR8sWdYb4hJcGf"}}},
			{Says: "Role root exists", Changed: false},
			{Says: "User root created", Changed: true},
			{Says: "Passwords of the policy generated", Passwords: []GeneratedPassword{{User: "a b", Password: "x"}, {User: "bob", Password: "y"}}},
			{Says: "Policy applied", Changed: true},
			{Says: "Authentication enabled", Changed: true},
		} {
			if err := p.NextStep(step); err != nil {
				return err
			}
		}
		return p.EndSteps()
	}})
	return cases
}

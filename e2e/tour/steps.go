package tour

// Step is one command line of the tour.
type Step struct {
	Says    string // what the reader is about to see
	Line    string // for the shell
	Status  int    // the expected exit status
	Picture bool   // the recording shows it
}

// Page is the file with the page for an access review.
const Page = "review.html"

const policy = `apiVersion: ectl/v1
roles:
  app:
    - {access: readwrite, prefix: /app/}
    - {access: read, key: /config/app}
users:
  alice: {roles: [app], password: {file: alice.password}}
expect:
  - alice can write prefix /app/
  - alice cannot read /secret
`

// Steps returns the command lines of the tour, in order.
func Steps() []Step {
	return []Step{
		{Says: "Who may do what is a file. It can be reviewed and tested like code.",
			Line: "cat policy.yaml"},
		{Says: "A password that only you can read. It never stands in a command line.",
			Line: "(umask 077; head -c 18 /dev/urandom | base64 > alice.password)"},
		{Says: "Authentication, from nothing: root, the policy, the switch, and a login that verifies it.",
			Line: "ectl auth bootstrap --generate-password --new-user-password-out root.password -f policy.yaml --yes --quiet"},
		{Says: "Alice may write under /app/ ...",
			Line: "ectl --user alice --password-file alice.password put /app/greeting hello"},
		{Says: "... and may not read anything else. The error names what is missing.",
			Line: "ectl --user alice --password-file alice.password get /secret", Status: 1},
		{Says: "From now on, root.",
			Line: "export ETCDCTL_USER=root ECTL_PASSWORD_FILE=root.password"},
		{Says: "May alice write this key? If not, which grant is missing?",
			Line: "ectl rbac can-i write /config/app --as alice", Status: 1, Picture: true},
		{Says: "Who can read these keys, and why?",
			Line: "ectl rbac who-can read /app/ --prefix", Picture: true},
		{Says: "A change of the policy is planned: which access would each user gain or lose?",
			Line: "sed 's/read, key/readwrite, key/' policy.yaml > next.yaml", Picture: true},
		{Line: "ectl rbac plan -f next.yaml --try-passwords", Picture: true},
		{Says: "Apply it. Users never lose access in between that they keep in the end.",
			Line: "ectl rbac apply -f next.yaml --yes --quiet", Picture: true},
		{Line: "ectl rbac can-i write /config/app --as alice", Picture: true},
		{Says: "A page for the access review: one file, with a search for users and keys.",
			Line: "ectl rbac matrix --check-passwords -w html > " + Page},
	}
}

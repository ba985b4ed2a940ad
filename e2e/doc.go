// Package e2e tests ectl from outside: the built program, on real etcd servers,
// beside the reference etcdctl. It is a Go module of its own, so that building
// ectl compiles no dependency of the tests.
//
// Package harness holds what the tests are built on: servers, clusters,
// certificates, terminals, a TCP proxy and an RPC proxy.
//
// The program is bin/ectl, or the one that the environment variable ECTL_BIN
// names. The servers, the reference and etcdutl are in .cache, or in ECTL_CACHE;
// `make servers` builds them. Every server listens on loopback only and ends with the
// test.
//
// # Scripts
//
// testdata/script/NAME.txtar is one administrator's task from start to end, run
// by TestScripts. The language is that of rogpeppe/go-internal/testscript:
// "ectl ARGS" must succeed and "! ectl ARGS" must fail. "stdout", "stderr" and
// "cmp" check the output. Besides its own commands, these exist:
//
//	etcd start [FLAGS] [NAME]   starts a server and sets ETCDCTL_ENDPOINTS, for
//	                            a TLS server ETCDCTL_CACERT as well, and
//	                            ENDPOINT1, ENDPOINT2, ... to its members' URLs.
//	    -version V              default 3.7.3, see SERVER
//	    -members N              default 1, see TestScriptsOnOtherServers
//	    -quota BYTES            the size at which the server raises an alarm
//	    -tls                    a server certificate for loopback
//	    -client-cert-auth       TLS, and the user is the certificate's CN
//	    -nameless-certs         TLS with certificates from which no user is taken
//	    -wrong-name             TLS with a certificate for etcd.example.com
//	    -expired-cert           TLS with a certificate that has expired
//	    -auth                   root with the password $ROOTPW, authentication on
//	    -jwt                    tokens are JWTs
//	    -token-ttl DURATION     how long tokens live
//	etcd stop|pause|continue|restart [NAME]    NAME.2 is its second member
//	etcd spare [NAME]           prepares one more member, named spare, and sets
//	                            SPARE and SPAREPEER to its URLs
//	etcd join FILE [NAME]       starts it with what "member add" printed
//	ectl ARGS, etcdctl ARGS     ours, under either name
//	status N                    the exit status of the last ectl was N
//	nosecret TEXT               TEXT is in neither stdout nor stderr
//	token VARIABLE USER TTL     a JWT of USER for the server, in the variable
//
// To run ectl in the background or in a pipe, use exec: it is on the PATH.
// "stdin FILE" gives the next command a pipe, "ttyin -stdin FILE" a terminal,
// and "ttyout" looks at what the terminal showed. The environment has
//
//	CACERT, OTHERCA             the servers' authority, and another
//	CAKEY, OTHERCAKEY           their private keys
//	CERT_x, KEY_x               client certificates, for x root, alice, bob and
//	                            nobody (who is no user) by common name, noname
//	                            (without one), expired (root's, until yesterday)
//	                            and other (root's, of the other authority)
//	SERVER, OLDER               the version of servers that a script starts without
//	                            -version, 3.7 unless TestScriptsOnOtherServers runs
//	                            it, and the one before. [server:3.7] is the condition
//	DEAD                        host:port of an endpoint that refuses
//
// An empty variable is still set, and etcdctl rejects an option that is set by a
// variable and by a flag. So a script that uses --user never sets ETCDCTL_USER
// before.
//
// # Parity
//
// testdata/parity/NAME.txt is a group of command lines that TestParity runs
// through the reference and through ours. Package parity describes the format.
// Standard output and exit status must be equal. An error of the server must
// begin a line of our standard error. Afterwards both servers must hold the same
// data. A deliberate difference is marked in the file and listed in
// docs/compatibility.md. An entry of the map "differences"
// (parity_differences_test.go) checks for exactly that difference.
//
// To add a case, write the line into the group with the right server. To add a
// deliberate difference, add the row, the entry and the marked case.
//
// TestParityOfRandomCommandLines does the same with generated command lines, on
// every server version.
//
// # The rest
//
// TestThePageOfAnAccessReview opens a page in a headless Chromium. Set
// ECTL_SCREENSHOTS to a folder to get screenshots.
//
// TestDecisionsAreTheServers puts 20,000 random questions of access control to
// package access and to a server of each version.
//
// TestCommandsOfSeveralChangesMakeAllOrNone and its neighbours use a faulty
// endpoint between client and server. It loses a certain request or its response.
// TestExamples runs every example of the help. allExamples has what they need: servers,
// answers at prompts, and conditions that end them.
//
// TestREADME and TestGuides type the commands of the pages, as a reader does in an empty
// folder. page_test.go describes what they type. After a change of the output,
// "go test -run 'TestREADME|TestGuide' -update-pages ." writes it into the pages.
//
// TestNoResponseOfAServerBreaksACommand runs each command against a server that
// lies (dishonestserver_test.go), in every way that lies_test.go knows. A new
// command gets a line in trials.
//
// TestMainWorkflow runs access control from set-up to removal on every server
// version, kind of token and kind of identity. TestSecretsAreNeverShown passes
// the program a secret in every way and searches the output for it. The tests of
// "rbac apply" use a proxy that sees each request (harness.RPCProxy). It kills
// the program at any request, loses responses, and delays them.
package e2e

// Package harness holds what tests of ectl from outside are built on. A test names
// what it needs:
//
//	server.go        StartServer starts etcd, one member or several, of any version
//	                 (package etcdserver below does the work)
//	cluster.go       Cluster is a server and runs of ectl against it
//	certificates.go  Certificates has an authority, client certificates and token keys
//	                 (package testpki below makes them)
//	programs.go      Ectl and Etcdctl are the programs under test; Main installs them
//	command.go       Run runs a program to its end, in a pipe or on a terminal
//	process.go       Start starts a program that runs beside the test
//	terminal.go      Terminal is a pseudo-terminal with a program in it
//	tcpproxy.go      TCPProxy cuts, refuses, holds, delays and limits connections
//	rpcproxy.go      RPCProxy lets a test handle each RPC
//	fault.go         NewFaultyProxy is an RPCProxy that loses, denies and delays requests
//	endpoint.go      addresses that refuse, close at once, are silent, or run a function
//	wait.go          WaitUntil waits for a condition, Retry repeats what a busy machine
//	                 may spoil
//	file.go          files of the project
//
// All that is started listens on loopback and ends with the test.
//
// A test waits for a condition, never for a time: WaitUntil, Process.WaitFor,
// Terminal.WaitFor. HangTimeout only ends what would never end. A sleep is right
// if time itself is under test, or if a fault has to last.
package harness

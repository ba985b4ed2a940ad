// Package harness provides the tools for end-to-end tests of ectl.
//
//	server.go        StartServer starts etcd, one member or several, of any version
//	                 (package etcdserver below does the work)
//	cluster.go       Cluster is a server and runs of ectl against it
//	certificates.go  Certificates has an authority, client certificates and token keys
//	                 (package testpki below creates them)
//	programs.go      Ectl and Etcdctl are the programs under test; Main installs them
//	command.go       Run runs a program until it exits, in a pipe or on a terminal
//	process.go       Start starts a program that runs during the test
//	terminal.go      Terminal is a pseudo-terminal with a program in it
//	tcpproxy.go      TCPProxy cuts, refuses, holds, delays and limits connections
//	rpcproxy.go      RPCProxy lets a test handle each RPC
//	fault.go         NewFaultyProxy is an RPCProxy that loses, denies and delays requests
//	endpoint.go      addresses that refuse, close immediately, are silent, or run a
//	                 function
//	wait.go          WaitUntil waits for a condition, Retry repeats a test that can fail
//	                 on a busy machine
//	file.go          files of the project
//
// All servers listen on loopback. All servers and programs end with the test.
//
// A test waits for a condition, never for a time. See WaitUntil, Process.WaitFor and
// Terminal.WaitFor. HangTimeout only stops tests that hang. A sleep is correct if time
// itself is under test, or if a fault must last.
package harness

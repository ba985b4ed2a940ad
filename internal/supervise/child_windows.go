package supervise

import "os"

// alreadyDelivered returns true, because the console signals all of its programs.
func alreadyDelivered(os.Signal) bool { return true }

// signal does nothing.
func (c *Child) signal(os.Signal) {}

// terminate kills the command, because Windows has no gentle way.
func (c *Child) terminate() { _ = c.process.Kill() }

// endedByKill reports whether a process may have been killed. A killed process has exit
// status 1.
func endedByKill(state *os.ProcessState) bool { return state.ExitCode() == 1 }

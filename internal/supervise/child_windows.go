package supervise

import "os"

// alreadyDelivered is true: the console signals all programs in it.
func alreadyDelivered(os.Signal) bool { return true }

// signal does nothing.
func (c *Child) signal(os.Signal) {}

// terminate ends the command at once: there is no gentle way.
func (c *Child) terminate() { _ = c.process.Kill() }

// endedByKill reports whether a process may have been killed: it then ends with
// status 1.
func endedByKill(state *os.ProcessState) bool { return state.ExitCode() == 1 }

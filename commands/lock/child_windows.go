package lock

import "os"

// pass does nothing: the console has told all programs in it.
func (c *child) pass(os.Signal) {}

// terminate ends the command at once: there is no gentle way.
func (c *child) terminate() { _ = c.process.Kill() }

package supervise

import (
	"os"
	"os/exec"
)

// terminate kills a process, because Windows has no gentle way.
var terminate = os.Kill

func prepare(*exec.Cmd) {}

func (c *command) terminate() { _ = c.Process.Kill() }

func (c *command) killGroup() { _ = c.Process.Kill() }

package etcdserver

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// ownProcessGroup returns attributes for the server process. Ctrl-C in a terminal does
// not reach the server. The kernel kills the server when its parent dies.
func ownProcessGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// stopped reports whether a signal has stopped all threads of a process.
func stopped(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, thread := range threads {
		stat, err := os.ReadFile(thread)
		if at := bytes.LastIndexByte(stat, ')'); err == nil && !bytes.HasPrefix(stat[at+1:], []byte(" T")) {
			return false
		}
	}
	return true
}

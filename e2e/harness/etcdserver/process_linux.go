package etcdserver

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// ownProcessGroup keeps a terminal's Ctrl-C from the server, which is stopped
// deliberately, and has the kernel end it when its parent dies.
func ownProcessGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// stopped says whether each thread of a process has been stopped by a signal.
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

package e2e

import (
	"errors"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// killAt runs a program under a tracer, which counts the system calls of all its
// threads that change files, and kills it instead of the n-th. made is how many
// there were. ended says that the program ended before that.
func killAt(t *testing.T, cmd *exec.Cmd, n int) (made int, ended bool) {
	t.Helper()
	// A tracer is a thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }() // which reads what is left of the output
	pid := cmd.Process.Pid
	var status unix.WaitStatus
	if _, err := wait4(pid, &status); err != nil {
		t.Fatal(err)
	}
	if err := unix.PtraceSetOptions(pid, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_EXITKILL); err != nil {
		t.Fatal(err)
	}
	for thread, signal := pid, 0; ; {
		if err := unix.PtraceSyscall(thread, signal); err != nil && !errors.Is(err, unix.ESRCH) {
			t.Fatal(err)
		}
		var err error
		if thread, err = wait4(-pid, &status); err != nil {
			t.Fatal(err)
		}
		signal = 0
		switch {
		case thread == pid && (status.Exited() || status.Signaled()):
			return made, true
		case !status.Stopped():
		case status.StopSignal() == syscall.SIGTRAP|0x80:
			if !changesFiles(thread) {
				continue
			}
			if made++; made == n {
				killTraced(t, pid)
				return made, false
			}
		case status.StopSignal() != syscall.SIGTRAP && status.StopSignal() != syscall.SIGSTOP:
			signal = int(status.StopSignal())
		}
	}
}

func killTraced(t *testing.T, pid int) {
	t.Helper()
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for {
		var status unix.WaitStatus
		thread, err := wait4(-pid, &status)
		if err != nil || thread == pid && status.Signaled() {
			return
		}
	}
}

// wait4 waits for the thread pid, or for a thread of the process group -pid. The traced
// program has a group of its own. Other tests may have started their children from the
// same thread of the operating system, so waiting for any child would take theirs.
func wait4(pid int, status *unix.WaitStatus) (thread int, err error) {
	for {
		thread, err = unix.Wait4(pid, status, unix.WALL|unix.WNOTHREAD, nil)
		if !errors.Is(err, unix.EINTR) {
			return thread, err
		}
	}
}

// syscallInfo is Linux's ptrace_syscall_info of a call that begins.
type syscallInfo struct {
	op            uint8
	_             [3]uint8
	arch          uint32
	_, _          uint64
	number        uint64
	args          [6]uint64
	_, _, _, _, _ uint64
}

// changesFiles says whether a thread that has stopped begins a system call that
// changes a file, or its place, or locks it.
func changesFiles(thread int) bool {
	const (
		ptraceGetSyscallInfo = 0x420e
		entry                = 1
	)
	var info syscallInfo
	if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, ptraceGetSyscallInfo, uintptr(thread), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0); errno != 0 || info.op != entry {
		return false
	}
	switch info.number {
	case unix.SYS_OPENAT:
		return info.args[2]&unix.O_CREAT != 0
	case unix.SYS_FLOCK, unix.SYS_FSYNC, unix.SYS_FCHMOD, unix.SYS_FCHOWN, unix.SYS_LINKAT, unix.SYS_UNLINKAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2:
		return true
	}
	return false
}

#include "textflag.h"

// start is where the program begins, if it is linked with -E and its name. It
// asks the system about descriptor 1 with fcntl(1, F_GETFD), keeps the answer, and
// goes on where programs begin otherwise. The stack stays as it is.
TEXT ·start(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	MOVL	$72, AX // fcntl
	MOVL	$1, DI
	MOVL	$1, SI // F_GETFD
	SYSCALL
	MOVL	AX, ·stdoutAtStart(SB)
	JMP	_rt0_amd64_linux(SB)

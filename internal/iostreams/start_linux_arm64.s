#include "textflag.h"

// start is what start_linux_amd64.s says.
TEXT ·start(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	MOVD	$25, R8 // fcntl
	MOVD	$1, R0
	MOVD	$1, R1 // F_GETFD
	SVC
	MOVW	R0, ·stdoutAtStart(SB)
	JMP	_rt0_arm64_linux(SB)

package iostreams

// closedAtStart reports whether standard output was closed when the program started. Go's
// runtime opens the null device in its place before any Go code runs. It uses the same
// mode as many programs that open the null device for their children. So only code that
// runs before the runtime can detect it, see start_linux_amd64.s. A program that is
// linked without this code reports false.
func closedAtStart() bool { return stdoutAtStart == -badDescriptor }

// badDescriptor is the number of EBADF on Linux.
const badDescriptor = 9

// stdoutAtStart holds the result of fcntl(1, F_GETFD) at the start of the program. It is
// the flags of the descriptor, or the negative number of an error.
var stdoutAtStart int32 //nolint:gochecknoglobals // written before there is anything to hand it on

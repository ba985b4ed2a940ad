package iostreams

// closedAtStart says whether standard output was closed when the program was
// started. Go's runtime opens the null device in its place before any Go code
// runs, in the mode in which many programs open it for their children: only what
// runs before the runtime can tell. See start_linux_amd64.s. A program that is
// linked without it does not know.
func closedAtStart() bool { return stdoutAtStart == -badDescriptor }

// badDescriptor is EBADF of Linux.
const badDescriptor = 9

// stdoutAtStart is what the system answered when it was asked about descriptor 1:
// its flags, or the negative number of an error.
var stdoutAtStart int32 //nolint:gochecknoglobals // written before there is anything to hand it on

//go:build amd64 || arm64

package iostreams

// start is the entry point of the program, see start_linux_amd64.s.
func start() //nolint:unused // the linker makes it the entry of the program

// Package mainstack enlarges the stack of the main goroutine before the libraries are
// initialised.
//
// The Go runtime starts that goroutine with a stack of a few KiB. A stack that is too small
// is copied into one of twice the size. For this, the runtime walks all its frames. Libraries
// compile regular expressions in their initialisation, by deep recursion, so the stack is
// copied three times while it has many frames. This is 5 % of the instructions of a start,
// and 30 of its page faults. Growing at once, with three frames, costs next to nothing.
//
// The package imports nothing, so it is initialised before all libraries with such
// expressions: Go initialises packages in the order of their import paths, each after its
// imports. It is imported only for this effect.
package mainstack

// size is the part of the stack that one frame takes, in bytes. The runtime rounds up to a
// power of two. 64 KiB are enough for the initialisation; 32 KiB are not.
const size = 56 << 10

func init() { reserve(false) } //nolint:gochecknoinits // it must run before the libraries

// reserve grows the stack of its goroutine to hold size bytes more. The runtime grows it
// when the function is entered, by the size of its frame. So the array need not be written,
// which would fetch its pages into memory: write is false, except in the test.
//
//go:noinline
func reserve(write bool) {
	if write {
		var frame [size]byte
		fill(&frame)
	}
}

// fill writes frame. It is not inlined, so that frame exists.
//
//go:noinline
func fill(frame *[size]byte) {
	for i := range frame {
		frame[i] = byte(i)
	}
}

package mainstack

import (
	"testing"
	"unsafe"
)

// A stack that grows is copied, so its variables get other addresses.
func TestReserveGrowsTheStackAtOnce(t *testing.T) {
	moved := make(chan [2]bool)
	go func() {
		var variable byte
		address := func() uintptr { return uintptr(unsafe.Pointer(&variable)) }
		first := address()
		reserve(false)
		second := address()
		reserve(true)
		moved <- [2]bool{first != second, second != address()}
	}()
	got := <-moved
	if want := [2]bool{true, false}; got != want {
		t.Errorf("moved when reserved, when used: %v, want %v", got, want)
	}
}

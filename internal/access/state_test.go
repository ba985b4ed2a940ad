package access

import (
	"slices"
	"testing"
)

func TestPermissionsOnTheSameRangeAddUp(t *testing.T) {
	on := func(a Access, key, end string) Permission {
		return Permission{Access: a, Range: Range{Key: []byte(key), End: []byte(end)}}
	}
	held := []Permission{on(Read, "a", "b"), on(Write, "a", ""), on(Write, "a", "b"), on(Read, "a", "c"), on(Read, "a", "b")}
	want := []Permission{on(ReadWrite, "a", "b"), on(Write, "a", ""), on(Read, "a", "c")}
	if got := Merged(held); !slices.EqualFunc(got, want, Permission.Equal) {
		t.Errorf("%v together are %v, want %v", held, got, want)
	}
	if held[0].Access != Read {
		t.Errorf("what was merged is %v now", held)
	}
}

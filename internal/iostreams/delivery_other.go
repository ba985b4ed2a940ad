//go:build !linux

package iostreams

import "os"

// hasReader always returns true. On these systems only a write detects a missing reader.
func hasReader(*os.File) bool { return true }

// unread always returns 0 and false. Only Linux has an implementation.
func unread(*os.File) (bytes int, isPipe bool) { return 0, false }

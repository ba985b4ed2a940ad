//go:build !linux

package iostreams

import "os"

// hasReader would say whether there is a reader. Here only a write shows it.
func hasReader(*os.File) bool { return true }

// unread would be how many bytes a pipe holds that were not read.
func unread(*os.File) (bytes int, isPipe bool) { return 0, false }

package lineedit

import (
	"os"
	"time"
)

// isReady returns true: a console cannot be polled here, so a read waits for a key.
func (*keyboard) isReady(wait time.Duration) bool { return wait >= pollPause }

// raw does nothing: the editor sets the mode of the console itself.
func raw(*os.File) (restore func(), err error) { return func() {}, nil }

// onContinue does nothing: Windows does not stop programs.
func onContinue(*os.File, func()) (stop func()) { return func() {} }

// suspend does nothing: Windows does not stop programs.
func suspend(*os.File) {}

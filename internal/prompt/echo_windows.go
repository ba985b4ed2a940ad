package prompt

import "golang.org/x/sys/windows"

// echoOff turns off the echo of the console fd. It turns on input by lines and the keys
// that send signals, for example Ctrl-C. restore sets the earlier mode again.
func echoOff(fd int) (restore func(), err error) {
	console := windows.Handle(uintptr(fd))
	var before uint32
	if err := windows.GetConsoleMode(console, &before); err != nil {
		return nil, err
	}
	if err := windows.SetConsoleMode(console, before&^windows.ENABLE_ECHO_INPUT|windows.ENABLE_LINE_INPUT|windows.ENABLE_PROCESSED_INPUT); err != nil {
		return nil, err
	}
	return func() { _ = windows.SetConsoleMode(console, before) }, nil
}

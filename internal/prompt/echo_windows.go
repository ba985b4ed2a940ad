package prompt

import "golang.org/x/sys/windows"

// echoOff stops the console fd from showing what is typed, which it hands over
// in lines, and returns what makes it as it was.
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

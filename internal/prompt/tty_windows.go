package prompt

// ttyPath is the console's output, ttyInput its input.
const (
	ttyPath  = "CONOUT$"
	ttyInput = "CONIN$"
)

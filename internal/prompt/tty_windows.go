package prompt

// ttyPath is the console's output.
const ttyPath = "CONOUT$"

package limited

// ByteOrderMark begins files that some editors of Windows write. It is not part of the
// text.
const ByteOrderMark = "\ufeff"

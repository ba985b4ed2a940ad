package secret

// GeneratedPassword is a password that was made for a user.
type GeneratedPassword struct{ User, Password string }

// Effect is whether a password that was shown is the user's.
type Effect int

// The effects.
const (
	EffectUnknown Effect = iota
	InEffect
	NotInEffect
)

// String is the end of an error of a command that has shown a password.
func (e Effect) String() string {
	switch e {
	case InEffect:
		return "the password that was printed is in effect"
	case NotInEffect:
		return "the password that was printed is not in effect"
	case EffectUnknown:
	}
	return "whether the password that was printed is in effect is not known: try it with user check-password"
}

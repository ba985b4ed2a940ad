package secret

// GeneratedPassword is a password that was generated for a user.
type GeneratedPassword struct{ User, Password string }

// Effect tells whether a printed password is the user's.
type Effect int

// The effects.
const (
	EffectUnknown Effect = iota
	InEffect
	NotInEffect
)

// String returns the end of an error of a command that has printed a password.
func (e Effect) String() string {
	switch e {
	case InEffect:
		return "the printed password is in effect"
	case NotInEffect:
		return "the printed password is not in effect"
	case EffectUnknown:
	}
	return "the printed password may or may not be in effect: check it with \"user check-password\""
}

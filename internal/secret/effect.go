package secret

// GeneratedPassword is a password that was generated for a user.
type GeneratedPassword struct{ User, Password string }

// Effect records whether a printed password is the current password of the user.
type Effect int

// The values of an Effect.
const (
	EffectUnknown Effect = iota
	InEffect
	NotInEffect
)

// String returns the text that ends the error of a command after it printed a password.
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

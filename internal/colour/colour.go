// Package colour writes words in colours on a terminal.
package colour

import (
	"fmt"
	"slices"

	"github.com/fatih/color"
)

// Tone is what a word says about the state of things. Each tone has a colour.
type Tone int

// The tones.
const (
	Plain   Tone = iota // no colour
	Good                // green
	Caution             // yellow
	Bad                 // red
)

// Painter writes words in colours if it is true.
type Painter bool

// Paint returns text in the colour of tone. text must not contain untrusted characters
// that a terminal obeys.
func (p Painter) Paint(tone Tone, text string) string {
	if !bool(p) || tone == Plain || text == "" {
		return text
	}
	c := color.New(map[Tone]color.Attribute{Good: color.FgGreen, Caution: color.FgYellow, Bad: color.FgRed}[tone])
	c.EnableColor() // p already decides it
	return c.Sprint(text)
}

// OfAnswer returns the tone of a yes or a no that the user asked for.
func OfAnswer(yes bool) Tone {
	if yes {
		return Good
	}
	return Bad
}

// Mode says when words are written in colours. It is a value of a flag.
type Mode string

// The modes.
const (
	Auto   Mode = "auto"   // if the terminal can show them, and the user has not refused them
	Always Mode = "always" // also in a pipe
	Never  Mode = "never"
)

// Modes returns all modes.
func Modes() []Mode { return []Mode{Auto, Always, Never} }

// Set implements pflag.Value.
func (m *Mode) Set(text string) error {
	if !slices.Contains(Modes(), Mode(text)) {
		return fmt.Errorf("want %s, %s or %s", Auto, Always, Never)
	}
	*m = Mode(text)
	return nil
}

// String implements pflag.Value.
func (m *Mode) String() string { return string(*m) }

// Type implements pflag.Value.
func (*Mode) Type() string { return "string" }

// Painter returns the Painter of a stream. wanted reports whether Auto means colours.
func (m *Mode) Painter(wanted bool) Painter {
	return Painter(*m == Always || *m != Never && wanted)
}

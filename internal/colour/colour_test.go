package colour

import "testing"

func TestAToneHasAColour(t *testing.T) {
	for _, c := range []struct {
		painter Painter
		tone    Tone
		text    string
		want    string
	}{
		{true, Good, "ok", "\x1b[32mok\x1b[0m"},
		{true, Caution, "medium", "\x1b[33mmedium\x1b[0m"},
		{true, Bad, "Error:", "\x1b[31mError:\x1b[0m"},
		{true, Plain, "low", "low"},
		{true, Bad, "", ""},
		{false, Bad, "Error:", "Error:"},
	} {
		if got := c.painter.Paint(c.tone, c.text); got != c.want {
			t.Errorf("%q with tone %d is written as %q, want %q", c.text, c.tone, got, c.want)
		}
	}
	if OfAnswer(true) != Good || OfAnswer(false) != Bad {
		t.Error("an answer has the wrong tone")
	}
}

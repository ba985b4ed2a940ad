package cli

import (
	"os/exec"
	"testing"
)

func TestQuotedWordsAreOneArgumentInAShell(t *testing.T) {
	for word, want := range map[string]string{
		"":                 "''",
		"app":              "app",
		"/app/a-b_c.d":     "/app/a-b_c.d",
		"two words":        "'two words'",
		"it's":             `'it'\''s'`,
		"$(reboot)":        "'$(reboot)'",
		"-dash":            "'-dash'",
		"a=b":              "'a=b'",
		"имя":              "'имя'",
		"a\nb":             `$'a\x0ab'`,
		"\xff'\\\x01 \x7f": `$'\xff\'\\\x01 \x7f'`,
	} {
		got := Quote(word)
		if got != want {
			t.Errorf("Quote(%q) = %s, want %s", word, got, want)
		}
		// The words are those of the table.
		said, err := exec.Command("bash", "-c", "printf %s "+got).Output()
		if err != nil || string(said) != word {
			t.Errorf("bash reads %s as %q, %v; want %q", got, said, err, word)
		}
	}
}

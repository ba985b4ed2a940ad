package output

import "testing"

func TestFormatsAreParsedByTheirNames(t *testing.T) {
	for _, format := range Formats() {
		t.Run(string(format), func(t *testing.T) {
			if got, err := ParseFormat(string(format), Formats()); got != format || err != nil {
				t.Errorf("ParseFormat = %q, %v", got, err)
			}
		})
	}
	for _, name := range []string{"", "JSON", "xml", "json ", "jsonpath"} {
		t.Run("not "+name, func(t *testing.T) {
			if got, err := ParseFormat(name, Formats()); err == nil {
				t.Errorf("ParseFormat = %q, want an error", got)
			}
		})
	}
}

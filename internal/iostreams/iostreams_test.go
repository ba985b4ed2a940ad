package iostreams

import "testing"

func TestLookupEnv(t *testing.T) {
	s := &Streams{Environ: []string{"A=1", "AB=2", "EMPTY=", "A=3=4", "NOTHING"}}
	for _, test := range []struct {
		name, value string
		set         bool
	}{
		{"A", "3=4", true}, // the last one counts
		{"AB", "2", true},
		{"EMPTY", "", true},
		{"NOTHING", "", false},
		{"B", "", false},
		{"a", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if value, set := s.LookupEnv(test.name); value != test.value || set != test.set {
				t.Errorf("LookupEnv = %q, %t; want %q, %t", value, set, test.value, test.set)
			}
		})
	}
}

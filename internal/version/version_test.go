package version

import "testing"

func TestVersionsHaveNoPrefix(t *testing.T) {
	for tag, want := range map[string]string{
		"v1.2.3": "1.2.3", "1.2.3": "1.2.3", "v0.0.0-20261130034400-0b8925f67691": "0.0.0-20261130034400-0b8925f67691",
		"0bab30f": "0bab30f", "(devel)": "(devel)", "vale": "vale", "v": "v", "": "",
	} {
		if got := withoutPrefix(tag); got != want {
			t.Errorf("%q gives %q, want %q", tag, got, want)
		}
	}
}

func TestEveryFieldIsSet(t *testing.T) {
	if got := Get(); got.Version == "" || got.Commit == "" || got.Date == "" || got.Go == "" || got.Platform == "" {
		t.Errorf("a field is empty: %+v", got)
	}
}

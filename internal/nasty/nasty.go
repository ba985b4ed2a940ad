// Package nasty provides names that break programs that print them. It is for tests.
package nasty

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

//go:embed names.txt
var list string // embedded, never written

// Names returns the names of names.txt, and then random names, which are the same for
// each seed. All are valid UTF-8 without NUL, as the API requires for users and roles. No
// two are equal, and none is empty.
func Names(seed uint64, random int) ([]string, error) {
	var names []string
	seen := map[string]bool{"": true}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for i, line := range strings.Split(strings.TrimSpace(list), "\n") {
		if strings.HasPrefix(line, "#") || line == "" {
			continue
		}
		name, err := strconv.Unquote(line)
		if err != nil {
			return nil, fmt.Errorf("names.txt:%d: %w", i+1, err)
		}
		add(name)
	}
	source := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // tests repeat with a seed
	for want := len(names) + random; len(names) < want; {
		var name strings.Builder
		for range 1 + source.IntN(12) {
			name.WriteString(piece(source))
		}
		add(name.String())
	}
	return names, nil
}

// Keys returns Names, and each name again with an additional byte that is not UTF-8.
func Keys(seed uint64, random int) ([]string, error) {
	keys, err := Names(seed, random)
	if err != nil {
		return nil, err
	}
	source := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // tests repeat with a seed
	for _, name := range keys {
		at := source.IntN(len(name) + 1)
		keys = append(keys, name[:at]+string([]byte{byte(0x80 + source.IntN(0x80))})+name[at:])
	}
	return keys, nil
}

// piece returns a part of a random name. Most parts are characters that have a special
// meaning in some program.
func piece(source *rand.Rand) string {
	const special = "'\"\\`$!#&*()[]{}<>|;~=%^?@,.:/- \t\n\r\x01\x07\x08\x1b\x7f"
	wide := []rune{0x85, 0x9b, 0xa0, 0xad, 0xe9, 0x61c, 0x200b, 0x200d, 0x200f, 0x2028, 0x202e, 0x2060, 0x2066, 0x3042, 0xfeff, 0xf680, 0xfdd0, 0xfffe, 0x1f600, 0xe0041}
	switch source.IntN(4) {
	case 0:
		return string(rune('a' + source.IntN(26)))
	case 1:
		return string(wide[source.IntN(len(wide))])
	default:
		return special[source.IntN(len(special)):][:1]
	}
}

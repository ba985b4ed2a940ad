package scan

import (
	"bytes"
	"math/big"

	"github.com/ectl-io/ectl/internal/access"
)

// ladder finds range ends for the requests after a skipped subtree. The next subtree is
// probably similar: it has many keys, of which only the first few are needed. A distant
// end would make the server count all of these keys. So the end is placed where the next
// name of this level is expected, by the distance of the last two names. Its tail is that
// of the last key that was read:
//
//	/pods/a/0001 ... /pods/a/0100, /pods/b/0001 ... /pods/b/0100
//	the next end is right after /pods/c/0100
//
// If there is no key up to that end, the distance grows until the end of the level is
// reached. Then the ladder continues with the level above. After the first name of a
// level no distance is known. The first end then assumes a name that extends it, and the
// second one a name whose last byte is the next digit.
type ladder struct {
	levels Levels
	end    string // of the whole range

	rungs []rung // the levels of the last key that was read, from the top
	at    int    // index of the current rung; -1: none
	digit [256]bool

	position, step *big.Int // number of the last guessed name, and distance to the next
	firstStep      bool
}

// rung is one level of a key, which consists of PARENT NAME delimiter TAIL.
type rung struct {
	parent, name, tail string
	before             string // the previous name with the same parent
}

// ladderGrowth is the factor by which the distance grows. A step that is too long costs
// at most the counting of the subtrees within it.
const ladderGrowth = 4

// start begins to climb after the subtree of key at depth.
func (l *ladder) start(key []byte, depth int) {
	rungs := make([]rung, 0, depth)
	parent := len(l.levels.Prefix)
	for d := 1; d <= depth; d++ {
		cut := l.levels.Cut(key, d)
		r := rung{parent: string(key[:parent]), name: string(key[parent : cut-len(l.levels.Delimiter)]), tail: after(key[cut:])}
		if d <= len(l.rungs) && l.rungs[d-1].parent == r.parent {
			if r.before = l.rungs[d-1].name; r.before == r.name {
				r.before = l.rungs[d-1].before
			}
		}
		l.learn(r.name)
		rungs = append(rungs, r)
		parent = cut
	}
	l.rungs, l.at = rungs, depth-1
	l.grip()
}

func (l *ladder) climbing() bool { return l.rungs != nil && l.at >= 0 }

func (l *ladder) stop() { l.at = -1 }

// learn adds the bytes of a name to the digits. A decimal digit or a letter adds its
// whole class.
func (l *ladder) learn(name string) {
	for i := range len(name) {
		first, last := name[i], name[i]
		for _, class := range []string{"09", "az", "AZ"} {
			if name[i] >= class[0] && name[i] <= class[1] {
				first, last = class[0], class[1]
			}
		}
		for b := int(first); b <= int(last); b++ {
			l.digit[b] = true
		}
	}
}

// grip sets position and step for the current rung.
func (l *ladder) grip() {
	if l.at < 0 {
		return
	}
	r := l.rungs[l.at]
	l.position, l.step, l.firstStep = l.number(r.name, r.width()), big.NewInt(1), true
	if distance := new(big.Int).Sub(l.position, l.number(r.before, r.width())); r.before != "" && distance.Sign() > 0 {
		l.step, l.firstStep = distance, false
	}
}

// width returns how many digits the names of the rung have as numbers. That is one more
// than the longer name has, so that there are numbers between two names.
func (r rung) width() int { return max(len(r.name), len(r.before)) + 1 }

// digits returns the bytes that occur in names, in order.
func (l *ladder) digits() []byte {
	var digits []byte
	for b, is := range l.digit {
		if is {
			digits = append(digits, byte(b))
		}
	}
	return digits
}

// base returns the base of the numbers. It is one more than the number of digits, because
// zero stands for the end of a name.
func (l *ladder) base() int64 { return int64(len(l.digits()) + 1) }

// number converts a name of at most width bytes to a number.
func (l *ladder) number(name string, width int) *big.Int {
	digits, base := l.digits(), big.NewInt(l.base())
	n, digit := new(big.Int), new(big.Int)
	for i := range width {
		n.Mul(n, base)
		if i < len(name) {
			n.Add(n, digit.SetInt64(int64(bytes.IndexByte(digits, name[i])+1)))
		}
	}
	return n
}

// name is the inverse of number. ok is false if n has more than width digits.
func (l *ladder) name(n *big.Int, width int) (name string, ok bool) {
	digits, base := l.digits(), big.NewInt(l.base())
	n, digit := new(big.Int).Set(n), new(big.Int)
	places := make([]int64, width)
	for i := width - 1; i >= 0; i-- {
		n.QuoRem(n, base, digit)
		places[i] = digit.Int64()
	}
	var b []byte
	for _, place := range places {
		if place == 0 {
			break // the name ends here
		}
		b = append(b, digits[place-1])
	}
	return string(b), n.Sign() == 0
}

// reach returns the next end, which is after from.
func (l *ladder) reach(from string) string {
	for l.at >= 0 {
		r := l.rungs[l.at]
		top := string(access.PrefixEnd([]byte(r.parent)))
		if l.at == 0 || !before(top, l.end) {
			top = l.end
		}
		l.position.Add(l.position, l.step)
		if l.firstStep {
			l.step, l.firstStep = big.NewInt(l.base()-1), false
		} else {
			l.step.Mul(l.step, big.NewInt(ladderGrowth))
		}
		name, ok := l.name(l.position, r.width())
		guess := r.parent + name + l.levels.Delimiter + r.tail
		if !ok || !before(guess, top) {
			l.at--
			l.grip()
			if top == openEnd || top > from {
				return top
			}
			continue
		}
		if guess > from {
			return guess
		}
	}
	return l.end
}

package scan

import (
	"bytes"
	"math/big"

	"github.com/ectl-io/ectl/internal/access"
)

// ladder finds ends for the requests behind a subtree that was skipped. What
// comes next is probably a subtree like it, with many keys of which only the
// first few are wanted: an end somewhere behind would make the server count
// them all. So the end is put where the next name at this level should be, by
// the distance of the last two names, and at the same place within its subtree
// as the last key that was read had in its own:
//
//	/pods/a/0001 ... /pods/a/0100, /pods/b/0001 ... /pods/b/0100
//	the next end is behind /pods/c/0100
//
// Where there is no key up to that end the distance grows, up to the end of
// the level, and then the level above is climbed. Behind a first name there is
// one that goes on where it ends, or one whose last byte is the next one.
type ladder struct {
	levels Levels
	end    string // of the whole range

	rungs []rung // of the last key that was read, from the first level on
	at    int    // the rung that is climbed; -1: none
	digit [256]bool

	position, step *big.Int // of the names of this rung
	firstStep      bool
}

// rung is one level of a key: PARENT NAME delimiter TAIL.
type rung struct {
	parent, name, tail string
	before             string // the name that came before it, of the same parent
}

// ladderGrowth is how the distance grows. What a step too far costs is the
// counting of so many subtrees at most as lie in it.
const ladderGrowth = 4

// start begins to climb behind the subtree of key at depth.
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

// learn adds the bytes of a name to the digits that names are made of, digits
// and letters each as a whole.
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

// grip puts position and step on the rung that is climbed.
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

// width is how many digits a name has as a number: one more than the name, so
// that there is something between two names.
func (r rung) width() int { return max(len(r.name), len(r.before)) + 1 }

// digits are the bytes of names in their order.
func (l *ladder) digits() []byte {
	var digits []byte
	for b, is := range l.digit {
		if is {
			digits = append(digits, byte(b))
		}
	}
	return digits
}

// base is the number of digits: the lowest is that there is none.
func (l *ladder) base() int64 { return int64(len(l.digits()) + 1) }

// number reads a name of at most width bytes.
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

// name is the reverse of number. It is not ok where n has more than width
// digits.
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
			break // behind the end of a name there is no more of it
		}
		b = append(b, digits[place-1])
	}
	return string(b), n.Sign() == 0
}

// reach returns the next end, behind from.
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

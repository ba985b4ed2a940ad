package scan

import (
	"math/big"

	"go.etcd.io/etcd/api/v3/mvccpb"
)

// alphabet holds the bytes that occur in keys. Most keys use few of the 256 bytes. If
// decimal keys were numbers to the base 256, there would be a gap of 246 after every
// tenth key. A distance would then not show how many keys lie in it.
type alphabet struct {
	has    [256]bool
	digits []byte     // the bytes, in order
	rank   [256]int64 // of each byte among the digits
}

// allBytes is the alphabet of arbitrary binary keys.
func allBytes() *alphabet {
	a := &alphabet{digits: make([]byte, 0, 256)}
	for b := range a.has {
		a.has[b], a.rank[b] = true, int64(b)
		a.digits = append(a.digits, byte(b))
	}
	return a
}

// learn adds the bytes that follow the common prefix of the keys, up to windowBytes of
// each key.
func (a *alphabet) learn(kvs []*mvccpb.KeyValue) {
	if len(kvs) == 0 {
		return
	}
	first, last := kvs[0].GetKey(), kvs[len(kvs)-1].GetKey()
	same := commonPrefix(string(first), string(last))
	for _, kv := range kvs {
		key := kv.GetKey()
		for _, b := range key[same:min(len(key), same+windowBytes)] {
			a.has[b] = true
		}
	}
	a.digits = a.digits[:0]
	for b, has := range a.has {
		a.rank[b] = int64(len(a.digits))
		if has {
			a.digits = append(a.digits, byte(b))
		}
	}
}

// scale converts keys near a template to numbers and back. A position holds a digit if
// the template has a byte of the alphabet there, or has ended. All other bytes are fixed,
// like the slashes and words of most keys.
type scale struct {
	*alphabet
	template string
	length   int // how many bytes of a key are used
}

func (s scale) isDigit(i int) bool {
	return i >= len(s.template) || s.has[s.template[i]]
}

// number converts key to a number. A short key is padded with the lowest digit.
func (s scale) number(key string) *big.Int {
	n, base, digit := new(big.Int), big.NewInt(int64(len(s.digits))), new(big.Int)
	for i := range s.length {
		if !s.isDigit(i) {
			continue
		}
		n.Mul(n, base)
		if i < len(key) {
			n.Add(n, digit.SetInt64(min(s.rank[key[i]], base.Int64()-1)))
		}
	}
	return n
}

// key is the inverse of number. The key has the template's fixed bytes. ok is false if n
// has more digits than the scale.
func (s scale) key(n *big.Int) (key string, ok bool) {
	b := make([]byte, s.length)
	copy(b, s.template)
	n, base, digit := new(big.Int).Set(n), big.NewInt(int64(len(s.digits))), new(big.Int)
	for i := s.length - 1; i >= 0; i-- {
		if s.isDigit(i) {
			n.QuoRem(n, base, digit)
			b[i] = s.digits[digit.Int64()]
		}
	}
	return string(b), n.Sign() == 0
}

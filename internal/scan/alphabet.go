package scan

import (
	"math/big"

	"go.etcd.io/etcd/api/v3/mvccpb"
)

// alphabet is the set of the bytes that keys are made of. Most keys use few of
// the 256: as numbers to the base 256, decimal keys would have a gap 246 wide
// behind every ninth one, and no distance would say how many keys lie in it.
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

// learn adds the bytes in which keys differ.
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

// scale is how an alphabet reads keys near to a template as numbers: where the
// template has a byte of the alphabet, and behind its end, there is a digit;
// all other bytes are as fixed as the slashes and words of most keys are.
type scale struct {
	*alphabet
	template string
	length   int // bytes that count
}

func (s scale) isDigit(i int) bool {
	return i >= len(s.template) || s.has[s.template[i]]
}

// number reads key, as if lowest digits followed it.
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

// key is the reverse of number: a key with the template's fixed bytes. It is
// not ok where n has more digits than there are.
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

package e2e

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/ectl-io/ectl/e2e/harness"
)

// lie is one way in which the responses to one RPC are not what they should be.
type lie struct {
	name   string
	method string // full
	from   int    // the first response that is changed, from 1
	list   bool   // it changes which keys a listing has, or in which order

	// page writes what is shown in place of the page of metrics; nil shows nothing.
	page func(http.ResponseWriter)

	// tell changes a response and returns how it is sent. first is the first
	// honest response to this RPC.
	tell func(message protoreflect.Message, first proto.Message) sent
}

// differs reports whether the lie changes one of the honest responses.
func (l *lie) differs(honest []proto.Message) bool {
	for _, truth := range honest[min(l.from-1, len(honest)):] {
		told := proto.Clone(truth)
		if l.tell(told.ProtoReflect(), honest[0]) != once || !proto.Equal(told, truth) {
			return true
		}
	}
	return false
}

// sent is how a message of a stream is sent.
type sent struct {
	times int  // how often
	ends  bool // then the stream ends
}

// withoutEnd is the number of times that is not one.
const withoutEnd = -1

// once is how an honest server sends a message.
var once = sent{times: 1}

// liesAbout returns all lies about one RPC.
func liesAbout(full string, from int) []lie {
	method, err := harness.MethodOf(full)
	if err != nil {
		panic(err) // a method that was called
	}
	about := full[strings.LastIndexByte(full, '/')+1:]
	var all []lie
	add := func(what string, list bool, tell func(protoreflect.Message, proto.Message) sent) {
		name := fmt.Sprintf("%s: %s", about, what)
		if from > 1 {
			name += fmt.Sprintf(", from response %d on", from)
		}
		all = append(all, lie{name: name, method: full, from: from, list: list, tell: tell})
	}
	change := func(what string, list bool, f func(protoreflect.Message)) {
		add(what, list, func(m protoreflect.Message, _ proto.Message) sent {
			f(m)
			return once
		})
	}
	change("is empty", false, func(m protoreflect.Message) { proto.Reset(m.Interface()) })
	add("is the first one again", false, func(m protoreflect.Message, first proto.Message) sent {
		proto.Reset(m.Interface())
		proto.Merge(m.Interface(), first)
		return once
	})
	if method.IsStreamingServer() {
		for what, how := range map[string]sent{
			"is left out": {times: 0}, "comes twice": {times: 2}, "comes without end": {times: withoutEnd},
			"ends the stream": {times: 1, ends: true}, "never comes, and the stream ends": {times: 0, ends: true},
		} {
			add(what, false, func(protoreflect.Message, proto.Message) sent { return how })
		}
		change("is empty, without end", false, func(m protoreflect.Message) { proto.Reset(m.Interface()) })
		all[len(all)-1].tell = func(m protoreflect.Message, _ proto.Message) sent {
			proto.Reset(m.Interface())
			return sent{times: withoutEnd}
		}
	}
	for _, c := range changesOf(method.Output(), nil) {
		change(c.name, c.list, c.make)
	}
	if fields := method.Output().Fields(); fields.ByName("kvs") != nil && fields.ByName("more") != nil {
		none := func(count int64) func(protoreflect.Message) {
			return func(m protoreflect.Message) {
				m.Clear(fields.ByName("kvs"))
				m.Set(fields.ByName("more"), protoreflect.ValueOfBool(true))
				m.Set(fields.ByName("count"), protoreflect.ValueOfInt64(count))
			}
		}
		change("has no keys and more, and counts none", true, none(0))
		change("has no keys and more, and counts many", true, none(math.MaxInt64))
	}
	return all
}

// fieldChange is a change of one field of a message.
type fieldChange struct {
	name string
	list bool // of a list of keys: which there are, or their order
	make func(protoreflect.Message)
}

// changesOf returns the changes of all fields of a message, and of the messages
// in it.
func changesOf(d protoreflect.MessageDescriptor, inside []protoreflect.FullName) []fieldChange {
	for _, outer := range inside {
		if outer == d.FullName() { // a transaction in a transaction
			return nil
		}
	}
	inside = append(slices.Clip(inside), d.FullName())
	var all []fieldChange
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		switch {
		case f.IsList():
			all = append(all, changesOfList(f, inside)...)
		case f.Message() != nil:
			all = append(all, fieldChange{string(f.Name()) + " is left out", false, func(m protoreflect.Message) { m.Clear(f) }})
			for _, c := range changesOf(f.Message(), inside) {
				all = append(all, fieldChange{string(f.Name()) + "." + c.name, c.list, func(m protoreflect.Message) {
					// The kind of a part of a transaction is changed by another lie.
					if f.ContainingOneof() == nil || m.Has(f) {
						c.make(m.Mutable(f).Message())
					}
				}})
			}
		default:
			for name, value := range valuesOf(f) {
				all = append(all, fieldChange{fmt.Sprintf("%s is %s", f.Name(), name), false, func(m protoreflect.Message) { m.Set(f, value(m.Get(f))) }})
			}
		}
	}
	for i := range d.Oneofs().Len() {
		kinds := d.Oneofs().Get(i).Fields()
		for j := range kinds.Len() {
			f := kinds.Get(j)
			all = append(all, fieldChange{fmt.Sprintf("is an empty %s", f.Name()), false, func(m protoreflect.Message) {
				m.Set(f, m.NewField(f))
			}})
		}
	}
	return all
}

// inflated is how many elements a list is inflated to.
const inflated = 2000

func changesOfList(f protoreflect.FieldDescriptor, inside []protoreflect.FullName) []fieldChange {
	var all []fieldChange
	keys := f.Name() == "kvs"
	add := func(what string, list bool, change func(m protoreflect.Message, old []protoreflect.Value) []protoreflect.Value) {
		all = append(all, fieldChange{fmt.Sprintf("%s %s", f.Name(), what), list, func(m protoreflect.Message) {
			old := m.Mutable(f).List()
			var values []protoreflect.Value
			for i := range old.Len() {
				values = append(values, copyOf(f, old.Get(i)))
			}
			values = change(m, values)
			old.Truncate(0)
			for _, v := range values {
				old.Append(v)
			}
		}})
	}
	add("are left out", keys, func(protoreflect.Message, []protoreflect.Value) []protoreflect.Value { return nil })
	add("lack the first", keys, func(_ protoreflect.Message, v []protoreflect.Value) []protoreflect.Value { return v[min(1, len(v)):] })
	add("lack the last", keys, func(_ protoreflect.Message, v []protoreflect.Value) []protoreflect.Value { return v[:max(0, len(v)-1)] })
	add("are backwards", keys, func(_ protoreflect.Message, v []protoreflect.Value) []protoreflect.Value {
		for i, j := 0, len(v)-1; i < j; i, j = i+1, j-1 {
			v[i], v[j] = v[j], v[i]
		}
		return v
	})
	add("are each there twice", keys, func(_ protoreflect.Message, v []protoreflect.Value) []protoreflect.Value {
		var doubled []protoreflect.Value
		for _, one := range v {
			doubled = append(doubled, one, copyOf(f, one))
		}
		return doubled
	})
	add("are there twice", keys, func(_ protoreflect.Message, v []protoreflect.Value) []protoreflect.Value {
		for _, one := range slices.Clip(v) {
			v = append(v, copyOf(f, one))
		}
		return v
	})
	add("are very many", keys, func(_ protoreflect.Message, v []protoreflect.Value) []protoreflect.Value {
		for i := 0; len(v) > 0 && len(v) < inflated; i++ {
			v = append(v, copyOf(f, v[i]))
		}
		return v
	})
	add("have an empty one more", keys, func(m protoreflect.Message, v []protoreflect.Value) []protoreflect.Value {
		return append(v, m.Mutable(f).List().NewElement())
	})
	if f.Message() == nil {
		for name, value := range valuesOf(f) {
			add("have one that is "+name, false, func(m protoreflect.Message, v []protoreflect.Value) []protoreflect.Value {
				if len(v) > 0 {
					v[len(v)-1] = value(v[len(v)-1])
				}
				return v
			})
		}
		return all
	}
	for _, which := range []string{"first", "last"} {
		for _, c := range changesOf(f.Message(), inside) {
			all = append(all, fieldChange{fmt.Sprintf("%s of %s: %s", which, f.Name(), c.name), c.list, func(m protoreflect.Message) {
				list := m.Mutable(f).List()
				switch {
				case list.Len() == 0:
				case which == "first":
					c.make(list.Get(0).Message())
				default:
					c.make(list.Get(list.Len() - 1).Message())
				}
			}})
		}
	}
	return all
}

func copyOf(f protoreflect.FieldDescriptor, v protoreflect.Value) protoreflect.Value {
	if f.Message() == nil {
		return v
	}
	return protoreflect.ValueOfMessage(proto.Clone(v.Message().Interface()).ProtoReflect())
}

// valuesOf returns what a field can be instead, by name.
func valuesOf(f protoreflect.FieldDescriptor) map[string]func(old protoreflect.Value) protoreflect.Value {
	fixed := func(v protoreflect.Value) func(protoreflect.Value) protoreflect.Value {
		return func(protoreflect.Value) protoreflect.Value { return v }
	}
	const times, large = 10, 1 << 20
	switch f.Kind() { //nolint:exhaustive // the API has no others
	case protoreflect.BoolKind:
		return map[string]func(protoreflect.Value) protoreflect.Value{
			"the opposite": func(old protoreflect.Value) protoreflect.Value { return protoreflect.ValueOfBool(!old.Bool()) },
		}
	case protoreflect.EnumKind:
		return map[string]func(protoreflect.Value) protoreflect.Value{
			"0": fixed(protoreflect.ValueOfEnum(0)), "1": fixed(protoreflect.ValueOfEnum(1)),
			"99": fixed(protoreflect.ValueOfEnum(99)), "-1": fixed(protoreflect.ValueOfEnum(-1)),
		}
	case protoreflect.Int64Kind:
		return map[string]func(protoreflect.Value) protoreflect.Value{
			"0": fixed(protoreflect.ValueOfInt64(0)), "1": fixed(protoreflect.ValueOfInt64(1)), "-1": fixed(protoreflect.ValueOfInt64(-1)),
			"the highest": fixed(protoreflect.ValueOfInt64(math.MaxInt64)), "the lowest": fixed(protoreflect.ValueOfInt64(math.MinInt64)),
			"one more": func(old protoreflect.Value) protoreflect.Value { return protoreflect.ValueOfInt64(old.Int() + 1) },
		}
	case protoreflect.Uint64Kind:
		return map[string]func(protoreflect.Value) protoreflect.Value{
			"0": fixed(protoreflect.ValueOfUint64(0)), "1": fixed(protoreflect.ValueOfUint64(1)), "the highest": fixed(protoreflect.ValueOfUint64(math.MaxUint64)),
		}
	case protoreflect.Uint32Kind:
		return map[string]func(protoreflect.Value) protoreflect.Value{
			"0": fixed(protoreflect.ValueOfUint32(0)), "the highest": fixed(protoreflect.ValueOfUint32(math.MaxUint32)),
		}
	case protoreflect.BytesKind:
		return map[string]func(protoreflect.Value) protoreflect.Value{
			"empty":           fixed(protoreflect.ValueOfBytes(nil)),
			"a zero byte":     fixed(protoreflect.ValueOfBytes([]byte{0})),
			"the last of all": fixed(protoreflect.ValueOfBytes([]byte{0xff, 0xff, 0xff})),
			"a short one":     fixed(protoreflect.ValueOfBytes([]byte("a"))),
			"ten times itself": func(old protoreflect.Value) protoreflect.Value {
				return protoreflect.ValueOfBytes(bytes.Repeat(old.Bytes(), times))
			},
			"large": func(old protoreflect.Value) protoreflect.Value {
				return protoreflect.ValueOfBytes(append(bytes.Clone(old.Bytes()), bytes.Repeat([]byte("x"), large)...))
			},
		}
	case protoreflect.StringKind:
		return map[string]func(protoreflect.Value) protoreflect.Value{
			"empty":          fixed(protoreflect.ValueOfString("")),
			"something else": fixed(protoreflect.ValueOfString("no such thing\x00\x1b[31m\n://")),
			"ten times itself": func(old protoreflect.Value) protoreflect.Value {
				return protoreflect.ValueOfString(strings.Repeat(old.String(), times))
			},
			"large": func(old protoreflect.Value) protoreflect.Value {
				return protoreflect.ValueOfString(old.String() + strings.Repeat("x", large))
			},
		}
	}
	return nil
}

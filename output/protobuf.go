package output

import (
	"bufio"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// writeMessage writes a message in the wire format.
func writeMessage(w *bufio.Writer, m proto.Message) error {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// delimited returns a function that writes messages one after another, each after its
// length. Readers of protobuf streams expect this form. The API has no message for
// several members.
func delimited[M proto.Message](messages []M) func(*bufio.Writer) error {
	return func(w *bufio.Writer) error {
		for _, m := range messages {
			if _, err := protodelim.MarshalTo(w, m); err != nil {
				return err
			}
		}
		return nil
	}
}

// message returns the document as a google.protobuf.Struct. It serves results that have
// no message in the API.
func (o Object) message() *structpb.Struct {
	fields := make(map[string]*structpb.Value, len(o))
	for _, member := range o {
		name, value := member.plain()
		fields[name] = structValue(value)
	}
	return &structpb.Struct{Fields: fields}
}

// structValue converts a value that Member.plain returned. A Struct has no integers, and
// its numbers are exact only up to 2^53, as in many JSON readers.
func structValue(value any) *structpb.Value {
	switch v := value.(type) {
	case nil:
		return structpb.NewNullValue()
	case string:
		return structpb.NewStringValue(v)
	case bool:
		return structpb.NewBoolValue(v)
	case Object:
		return structpb.NewStructValue(v.message())
	case []Object:
		return structList(v)
	case []string:
		return structList(v)
	}
	number, _ := strconv.ParseFloat(fmt.Sprint(value), 64) // an integer, see Object
	return structpb.NewNumberValue(number)
}

func structList[T any](values []T) *structpb.Value {
	list := &structpb.ListValue{}
	for _, value := range values {
		list.Values = append(list.Values, structValue(value))
	}
	return structpb.NewListValue(list)
}

// Package exit holds the exit statuses of the program, and the one decision that turns
// an error into a status.
//
// The numbers are etcdctl's (pkg/cobrautl of etcd 3.7), and follow no pattern. For
// example, a bad argument is 128, and an unsupported value of a valid flag is 4.
package exit

import (
	"errors"
	"fmt"
)

// Code is an exit status of the process.
type Code int

// The statuses that the program ends with.
const (
	Success       Code = 0
	Error         Code = 1   // the command failed
	BadConnection Code = 2   // no connection, or the login was refused
	InvalidInput  Code = 3   // what is read has faults: input of txn or watch, a policy; keys in a prefix of check
	BadFeature    Code = 4   // a flag's value is not supported
	Cancelled     Code = 5   // the server cancelled a watch, a snapshot failed, a lock was lost
	IO            Code = 6   // a file or the output could not be read or written
	Defect        Code = 70  // the program panicked
	BadArgs       Code = 128 // arguments or options that do not fit the command
)

// coded is an error that knows the status to end with.
type coded struct {
	code Code
	err  error
}

func (e *coded) Error() string { return e.err.Error() }
func (e *coded) Unwrap() error { return e.err }

// With gives err a status of its own. The innermost status of a chain of
// errors is the one that counts, because it was given where the failure was
// seen. With returns nil for a nil err.
func With(code Code, err error) error {
	if err == nil {
		return nil
	}
	return &coded{code: code, err: err}
}

// forced is an error whose status replaces every status in its chain.
type forced struct{ coded }

// Force gives err a status that counts whatever its chain says, for a command
// whose own rule decides: a snapshot that failed ends with 5, for example. The
// chain of causes stays. Force returns nil for a nil err.
func Force(code Code, err error) error {
	if err == nil {
		return nil
	}
	return &forced{coded{code: code, err: err}}
}

// BadArgsf is With(BadArgs, ...) of a formatted message.
func BadArgsf(format string, args ...any) error {
	return With(BadArgs, fmt.Errorf(format, args...))
}

// BadFeaturef is With(BadFeature, ...) of a formatted message.
func BadFeaturef(format string, args ...any) error {
	return With(BadFeature, fmt.Errorf(format, args...))
}

// answer is the error of a command that has not failed.
type answer struct{}

func (answer) Error() string { return "the answer is the exit status" }

// Answer is the error of a command whose exit status answers a question, such
// as whether something is allowed: there is nothing more to say than what it
// has printed.
func Answer(code Code) error { return With(code, answer{}) }

// IsAnswer says whether err is an Answer, for which no error is printed.
func IsAnswer(err error) bool { return errors.As(err, &answer{}) }

// CodeOf decides the status of a command that returned err: the outermost one of
// Force, or else the innermost one of With. Without either it is Error, and
// Success for nil.
func CodeOf(err error) Code {
	if err == nil {
		return Success
	}
	if f, ok := errors.AsType[*forced](err); ok {
		return f.code
	}
	code := Error
	var c *coded
	for errors.As(err, &c) {
		code = c.code
		err = c.err
	}
	return code
}

// Package exit defines the exit statuses of the program, and turns an error into a
// status.
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
	InvalidInput  Code = 3   // invalid input or policy, or keys in the prefix of check
	BadFeature    Code = 4   // a flag's value is not supported
	Cancelled     Code = 5   // the server cancelled a watch, a snapshot failed, a lock was lost
	IO            Code = 6   // a file or the output could not be read or written
	Defect        Code = 70  // the program panicked
	BadArgs       Code = 128 // invalid arguments or options
)

// coded adds an exit status to an error.
type coded struct {
	code Code
	err  error
}

func (e *coded) Error() string { return e.err.Error() }
func (e *coded) Unwrap() error { return e.err }

// With adds an exit status to err. If several errors of a chain have a status, the
// innermost one counts, because it is closest to the failure. With returns nil for a nil
// err.
func With(code Code, err error) error {
	if err == nil {
		return nil
	}
	return &coded{code: code, err: err}
}

// forced is an error with a status that replaces every status in its chain.
type forced struct{ coded }

// Force adds an exit status to err that replaces all statuses in its chain. It is for
// commands with a rule of their own, for example a failed snapshot, which exits with 5.
// The chain of causes stays. Force returns nil for a nil err.
func Force(code Code, err error) error {
	if err == nil {
		return nil
	}
	return &forced{coded{code: code, err: err}}
}

// BadArgsf returns an error with the status BadArgs and a formatted message.
func BadArgsf(format string, args ...any) error {
	return With(BadArgs, fmt.Errorf(format, args...))
}

// BadFeaturef returns an error with the status BadFeature and a formatted message.
func BadFeaturef(format string, args ...any) error {
	return With(BadFeature, fmt.Errorf(format, args...))
}

// answer stands for the error of a command that has not failed.
type answer struct{}

func (answer) Error() string { return "the answer is the exit status" }

// Answer returns an error for a command that answers a question with its exit status, for
// example whether an access is allowed. No error is printed, because the command has
// printed everything.
func Answer(code Code) error { return With(code, answer{}) }

// IsAnswer reports whether err is an Answer, for which no error is printed.
func IsAnswer(err error) bool { return errors.As(err, &answer{}) }

// CodeOf returns the exit status of a command that returned err. The outermost status of
// Force counts, or else the innermost status of With. Without either, the status is
// Error, or Success for a nil err.
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

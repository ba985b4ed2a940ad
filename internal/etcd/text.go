package etcd

import "errors"

// Text is the text of err without the reason that was added to it: what
// etcdctl prints.
func Text(err error) string {
	if e, ok := errors.AsType[*explained](err); ok {
		return e.err.Error()
	}
	return err.Error()
}

// Package kv holds the commands for keys: get, put, del, txn, ls, du and
// compaction. All of them are directly below the root.
package kv

// Package kv holds the commands for keys: get, put, del, txn, ls, du and
// compaction. Each of them stands right below the root.
package kv

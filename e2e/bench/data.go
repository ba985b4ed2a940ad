package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// prefix is what the large gets read.
const prefix = "/bench/"

const (
	valueSize  = 128
	batch      = 2000 // keys in one transaction
	writers    = 8
	usersToAdd = 10
)

// serverFlags lets a server take the keys in large transactions and hold them.
var serverFlags = []string{
	"--max-txn-ops", fmt.Sprint(batch),
	"--quota-backend-bytes", fmt.Sprint(8 << 30),
}

// fill writes n keys of valueSize bytes under prefix, the key "k" and some users.
func fill(ctx context.Context, client *clientv3.Client, n int) error {
	if _, err := client.Put(ctx, "k", "v"); err != nil {
		return err
	}
	for i := range usersToAdd {
		if _, err := client.UserAdd(ctx, fmt.Sprintf("user%d", i), "password"); err != nil {
			return err
		}
	}

	var (
		wait   sync.WaitGroup
		starts = make(chan int)
		failed = make(chan error, writers)
	)
	for range writers {
		wait.Go(func() {
			for start := range starts {
				if err := fillBatch(ctx, client, start, min(start+batch, n)); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	for start := 0; start < n; start += batch {
		select {
		case starts <- start:
		case err := <-failed:
			close(starts)
			wait.Wait()
			return err
		}
	}
	close(starts)
	wait.Wait()
	close(failed)
	return <-failed
}

// putters is how many write at once where each key is written by itself.
const putters = 32

// fillSingly writes n keys of valueSize bytes under prefix, each in a revision
// of its own.
func fillSingly(ctx context.Context, client *clientv3.Client, n int) error {
	failed := make(chan error, putters)
	for putter := range putters {
		go func() {
			var err error
			for i := putter; i < n && err == nil; i += putters {
				_, err = client.Put(ctx, fmt.Sprintf("%s%07d", prefix, i), strings.Repeat("x", valueSize))
			}
			failed <- err
		}()
	}
	var errs []error
	for range putters {
		errs = append(errs, <-failed)
	}
	return errors.Join(errs...)
}

func fillBatch(ctx context.Context, client *clientv3.Client, start, end int) error {
	ops := make([]clientv3.Op, 0, end-start)
	for i := start; i < end; i++ {
		value := fmt.Sprintf("value %d ", i)
		value += strings.Repeat("x", valueSize-len(value))
		ops = append(ops, clientv3.OpPut(fmt.Sprintf("%s%07d", prefix, i), value))
	}
	_, err := client.Txn(ctx).Then(ops...).Commit()
	return err
}

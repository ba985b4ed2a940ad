package main

import (
	"context"
	"fmt"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// atOnce is how many requests are on their way.
const atOnce = 16

// apply makes roles, a grant for each user, and users that have a role each: as
// root, over one connection, and without a look at what is there.
func apply(ctx context.Context, users, roles int, endpoint, password string) error {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, Username: "root", Password: password, Logger: zap.NewNop()})
	if err != nil {
		return err
	}
	defer client.Close()
	role := func(i int) string { return fmt.Sprintf("role%d", i%roles) }
	if err := each(roles, func(i int) error {
		_, err := client.RoleAdd(ctx, role(i))
		return err
	}); err != nil {
		return err
	}
	if err := each(users, func(i int) error {
		key := fmt.Sprintf("/app%d/", i)
		_, err := client.RoleGrantPermission(ctx, role(i), key, clientv3.GetPrefixRangeEnd(key), clientv3.PermissionType(clientv3.PermReadWrite))
		return err
	}); err != nil {
		return err
	}
	return each(users, func(i int) error {
		user := fmt.Sprintf("user%d", i)
		if _, err := client.UserAddWithOptions(ctx, user, "", &clientv3.UserAddOptions{NoPassword: true}); err != nil {
			return err
		}
		_, err := client.UserGrantRole(ctx, user, role(i))
		return err
	})
}

// each calls do for 0 to n-1, some at once, and returns an error of one.
func each(n int, do func(i int) error) error {
	var wait sync.WaitGroup
	next := make(chan int)
	failed := make(chan error, atOnce)
	for range atOnce {
		wait.Go(func() {
			var failure error
			for i := range next {
				if failure == nil {
					failure = do(i)
				}
			}
			if failure != nil {
				failed <- failure
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
	close(failed)
	return <-failed
}

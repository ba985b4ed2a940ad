package main

import (
	"context"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// readAccess reads all users and roles, or, where user is not empty, that user
// and its roles: as root, over one connection.
func readAccess(ctx context.Context, endpoint, password, user string) error {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, Username: "root", Password: password, Logger: zap.NewNop()})
	if err != nil {
		return err
	}
	defer client.Close()
	var roles []string
	if user != "" {
		response, err := client.UserGet(ctx, user)
		if err != nil {
			return err
		}
		roles = response.Roles
	} else {
		users, err := client.UserList(ctx)
		if err != nil {
			return err
		}
		if err := each(len(users.Users), func(i int) error {
			_, err := client.UserGet(ctx, users.Users[i])
			return err
		}); err != nil {
			return err
		}
		all, err := client.RoleList(ctx)
		if err != nil {
			return err
		}
		roles = all.Roles
	}
	return each(len(roles), func(i int) error {
		_, err := client.RoleGet(ctx, roles[i])
		return err
	})
}

// Bareclient reads every key of a prefix with client/v3 and prints nothing, or it adds
// users and roles, or reads them. Its cost is the least that a program for this task has.
//
//	bareclient [-stream] ENDPOINT PREFIX
//	bareclient -apply USERS,ROLES ENDPOINT PASSWORD
//	bareclient -access ENDPOINT PASSWORD [USER]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

func main() {
	stream := flag.Bool("stream", false, "read with RangeStream, which servers know from 3.7 on, instead of one request")
	add := flag.String("apply", "", "add `users,roles` as root")
	users := flag.Bool("access", false, "read all users and roles, or one user and its roles, as root")
	flag.Parse()
	if *users {
		end(readAccess(context.Background(), flag.Arg(0), flag.Arg(1), flag.Arg(2)))
		return
	}
	if *add != "" {
		var users, roles int
		_, err := fmt.Sscanf(*add, "%d,%d", &users, &roles)
		if err == nil {
			err = apply(context.Background(), users, roles, flag.Arg(0), flag.Arg(1))
		}
		end(err)
		return
	}
	keys, err := read(context.Background(), *stream, flag.Arg(0), flag.Arg(1))
	if err == nil && keys == 0 {
		err = fmt.Errorf("no key under %q", flag.Arg(1))
	}
	end(err)
}

func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bareclient:", err)
		os.Exit(1)
	}
}

// read returns how many keys it saw.
func read(ctx context.Context, stream bool, endpoint, prefix string) (int, error) {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, Logger: zap.NewNop()})
	if err != nil {
		return 0, err
	}
	defer client.Close()
	if !stream {
		resp, err := client.Get(ctx, prefix, clientv3.WithPrefix())
		if err != nil {
			return 0, err
		}
		return len(resp.Kvs), nil
	}
	chunks, err := client.GetStream(ctx, prefix, clientv3.WithPrefix())
	if err != nil {
		return 0, err
	}
	keys := 0
	for chunk := range chunks {
		if err := chunk.Err(); err != nil {
			return keys, err
		}
		keys += len(chunk.GetKvs())
	}
	return keys, nil
}

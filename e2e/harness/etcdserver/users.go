package etcdserver

import (
	"context"
	"path/filepath"

	"go.etcd.io/bbolt"
	"go.etcd.io/etcd/api/v3/authpb"
	"google.golang.org/protobuf/proto"
)

// PlantUsers adds users without a password and without roles to the database of each
// member, which it restarts. Requests for many users would take minutes: after each change
// of users, a server rebuilds the permissions of all.
func (s *Server) PlantUsers(ctx context.Context, names []string) error {
	for _, m := range s.Members {
		m.Kill()
		if err := m.plantUsers(names); err != nil {
			return err
		}
	}
	for _, m := range s.Members {
		if err := m.Restart(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (m *Member) plantUsers(names []string) error {
	db, err := bbolt.Open(filepath.Join(m.dataDir(), "member", "snap", "db"), 0o600, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte("authUsers"))
		for _, name := range names {
			user, err := proto.Marshal(&authpb.User{Name: []byte(name), Options: &authpb.UserAddOptions{NoPassword: true}})
			if err != nil {
				return err
			}
			if err := bucket.Put([]byte(name), user); err != nil {
				return err
			}
		}
		return nil
	})
}

package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/output"
)

func newEnableCmd(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "enable",
		Short: "Turn authentication on",
		Long: `Turn authentication on. The user root must exist; the role root is created and
granted to it where that is missing.`,
		Args: cli.NoArgs,
		RunE: f.RunE(func(ctx context.Context, _ []string) error {
			response, err := cli.Call(ctx, f, enable)
			if err != nil {
				return err
			}
			return f.Print(output.AuthSwitched{Enabled: true, Response: (*pb.AuthEnableResponse)(response)})
		}),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

// enable turns authentication on. The server says ErrRootRoleNotExist where
// the role root is missing, and also where the user root does not have it. An
// error after the role was added or granted says so.
func enable(ctx context.Context, c *etcd.Client) (*clientv3.AuthEnableResponse, error) {
	response, err := c.AuthEnable(ctx)
	if !errors.Is(err, rpctypes.ErrRootRoleNotExist) {
		return response, err
	}
	done := ""
	switch _, err := c.RoleAdd(ctx, access.RootRole); {
	case err == nil:
		done = "; the role root was added"
	case !errors.Is(err, rpctypes.ErrRoleAlreadyExist):
		return nil, err
	}
	if _, err := c.UserGrantRole(ctx, access.RootUser, access.RootRole); err != nil {
		return nil, fmt.Errorf("%w%s", err, done)
	}
	if response, err = c.AuthEnable(ctx); err != nil {
		return nil, fmt.Errorf("%w%s; the role root was granted to the user root", err, done)
	}
	return response, nil
}

package cluster

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/members"
	"github.com/ectl-io/ectl/output"
)

// endpointHashKVOptions holds the flags of "endpoint hashkv".
type endpointHashKVOptions struct {
	From     *endpointFlags
	Revision int64
}

func newEndpointHashKVCmd(f *cli.Factory, from *endpointFlags) *cobra.Command {
	opts := &endpointHashKVOptions{From: from}
	cmd := &cobra.Command{
		Use:   "hashkv",
		Short: "Show the hash of the key history of each member",
		Long: `Show a hash of the keys and their history on each member. If two members have
the same compacted revision and equal hashes at one revision, their data is
equal.`,
		Example: `  # Compare the keys of all members: the hashes must be equal.
  ectl endpoint hashkv --cluster`,
		Args: cobra.ArbitraryArgs, // as etcdctl, which ignores them
		RunE: cli.Run(f, opts, runEndpointHashKV),
	}
	cmd.Flags().Int64Var(&opts.Revision, "rev", 0, "the last revision to hash (0: the newest)")
	_ = cmd.RegisterFlagCompletionFunc("rev", completions.Value(f, completions.CurrentRevision)) // fails only if the flag does not exist
	return cmd
}

// Complete implements cli.Options.
func (o *endpointHashKVOptions) Complete(*cli.Factory, *cobra.Command, []string) error { return nil }

func runEndpointHashKV(ctx context.Context, f *cli.Factory, opts *endpointHashKVOptions) error {
	return opts.From.repeat(ctx, f, func(ctx context.Context) error { return printHashes(ctx, f, opts) })
}

func printHashes(ctx context.Context, f *cli.Factory, opts *endpointHashKVOptions) error {
	endpoints, err := opts.From.endpoints(ctx, f)
	if err != nil {
		return err
	}
	answers, err := askEach(ctx, f, endpoints, func(ctx context.Context, c *etcd.Client, endpoint string) (*clientv3.HashKVResponse, error) {
		return c.HashKV(ctx, endpoint, opts.Revision)
	})
	if err != nil {
		return err
	}
	if err := opts.From.printHead(f, "hashkv"); err != nil {
		return err
	}
	result := output.EndpointHashKV{}
	var found etcd.Clusters
	for _, a := range answers {
		found.Add(a.Name(), (*pb.HashKVResponse)(a.Response).GetHeader())
		hash := output.Hash{Endpoint: a.Endpoint, Response: a.Response}
		if a.Err != nil {
			hash.Reason = a.Err.Error()
			f.Say(fmt.Sprintf("Failed to get the hash of endpoint %s (%s)", a.Name(), hash.Reason))
		}
		result.Endpoints = append(result.Endpoints, hash)
	}
	if !members.NoneLoggedIn(answers) {
		if err := opts.From.printOne(f, result); err != nil {
			return err
		}
	}
	warnOfClusters(f, &found)
	return members.Failure(answers)
}

// Package commands puts the command tree together and runs it.
package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/auth"
	"github.com/ectl-io/ectl/commands/cluster"
	"github.com/ectl-io/ectl/commands/kv"
	"github.com/ectl-io/ectl/commands/lease"
	"github.com/ectl-io/ectl/commands/role"
	"github.com/ectl-io/ectl/commands/snapshot"
	"github.com/ectl-io/ectl/commands/user"
	"github.com/ectl-io/ectl/commands/watch"
	"github.com/ectl-io/ectl/internal/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
)

// Run runs one command line. program is the name that the program was called
// by, args what followed it. It returns the status to exit with; the error has
// been printed by then. A ctx that ends interrupts the command, whose error is
// then ctx's cause and is not printed.
func Run(ctx context.Context, program string, streams *iostreams.Streams, args []string) exit.Code {
	f := cli.NewFactory(program, streams)
	root := NewRoot(f)
	root.SetArgs(expandPrefixes(root, args))
	err := root.ExecuteContext(ctx)
	if err != nil {
		err = f.Explain(ctx, err)
	}
	if closeErr := f.Close(); err == nil && closeErr != nil {
		err = exit.With(exit.IO, fmt.Errorf("write the output: %w", closeErr))
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(streams.Err, "Error:", err)
	}
	return exit.CodeOf(err)
}

// NewRoot returns the whole command tree. f makes what its commands need.
func NewRoot(f *cli.Factory) *cobra.Command {
	root := &cobra.Command{
		Use:   f.Program,
		Short: "Administer etcd: keys, users, roles and authentication",
		Long: "Administer etcd v3: keys, users, roles and authentication.\n\n" +
			"The commands that etcdctl " + etcdctlVersion + " has take the same command lines here and answer the same.",
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetIn(f.Streams.In)
	root.SetOut(f.Streams.Out)
	root.SetErr(f.Streams.Err)
	f.BindGlobals(root.PersistentFlags())
	root.AddGroup(
		&cobra.Group{ID: cli.GroupKV, Title: "Keys:"},
		&cobra.Group{ID: cli.GroupAuth, Title: "Users, roles and authentication:"},
		&cobra.Group{ID: cli.GroupCluster, Title: "The cluster and its members:"},
		&cobra.Group{ID: cli.GroupUtility, Title: "The program itself:"},
	)
	root.AddCommand(
		kv.NewGetCmd(f),
		kv.NewPutCmd(f),
		kv.NewDelCmd(f),
		kv.NewTxnCmd(f),
		kv.NewCompactionCmd(f),
		watch.NewCmd(f),
		lease.NewCmd(f),
		user.NewCmd(f),
		role.NewCmd(f),
		auth.NewCmd(f),
		cluster.NewMemberCmd(f),
		cluster.NewEndpointCmd(f),
		cluster.NewMoveLeaderCmd(f),
		cluster.NewDefragCmd(f),
		snapshot.NewCmd(f),
		cluster.NewAlarmCmd(f),
		cluster.NewDowngradeCmd(f),
		newVersionCmd(f),
		newOptionsCmd(f),
		newCompletionCmd(f),
	)
	root.SetHelpCommandGroupID(cli.GroupUtility)
	setHelp(root, f)
	completeGlobals(root)
	return root
}

// setHelp adds to every help text where the global options are described, and
// makes the errors of flags say where the command's own are.
func setHelp(root *cobra.Command, f *cli.Factory) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		help(cmd, args)
		fmt.Fprintf(cmd.OutOrStdout(), "\nUse \"%s options\" for the options that every command takes.\n", f.Program)
	})
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see '%s --help'", err, cmd.CommandPath())
	})
	// Only known once all commands are there.
	root.InitDefaultHelpCmd()
	root.InitDefaultHelpFlag()
	if topic, _, err := root.Find([]string{"help"}); err == nil {
		known := topic.Run
		topic.Run = func(cmd *cobra.Command, args []string) {
			if _, _, err := root.Find(args); err != nil {
				// As in etcdctl this is not an error, but no help text either.
				fmt.Fprintf(cmd.ErrOrStderr(), "Unknown help topic %q; see '%s --help'\n", strings.Join(args, " "), root.CommandPath())
				return
			}
			known(cmd, args)
		}
	}
	if flag := root.Flags().Lookup("help"); flag != nil {
		flag.Hidden = true
	}
}

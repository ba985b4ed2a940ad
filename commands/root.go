// Package commands builds the command tree and runs it.
package commands

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/auth"
	"github.com/ectl-io/ectl/commands/check"
	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/commands/cluster"
	"github.com/ectl-io/ectl/commands/contexts"
	"github.com/ectl-io/ectl/commands/kv"
	"github.com/ectl-io/ectl/commands/lease"
	"github.com/ectl-io/ectl/commands/lock"
	"github.com/ectl-io/ectl/commands/login"
	"github.com/ectl-io/ectl/commands/mirror"
	"github.com/ectl-io/ectl/commands/rbac"
	"github.com/ectl-io/ectl/commands/role"
	"github.com/ectl-io/ectl/commands/snapshot"
	"github.com/ectl-io/ectl/commands/user"
	"github.com/ectl-io/ectl/commands/watch"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/heap"
	"github.com/ectl-io/ectl/internal/iostreams"
)

// Run runs one command line and returns the exit status. The program was called as
// program, with the arguments args. memory is the heap limit of the process, or nil for
// no change.
//
// Run prints the error of the command. If ctx is cancelled, the command is interrupted.
// Its error is then the cause of ctx and is not printed.
func Run(ctx context.Context, program string, streams *iostreams.Streams, memory *heap.Limit, args []string) exit.Code {
	f := cli.NewFactory(program, streams)
	f.Line, f.Heap, f.Execute = args, memory, runLine
	err := runLine(ctx, f, args)
	if again, reason := f.WithoutRefusedLogin(err); again != nil {
		f, err = again, runLine(ctx, again, args)
	} else {
		err = reason
	}
	if err != nil && ctx.Err() == nil && !exit.IsAnswer(err) {
		f.SayError(err)
	}
	return exit.CodeOf(err)
}

// runLine runs the command line args with f. It returns the error of the command with its
// cause, and does not print it.
func runLine(ctx context.Context, f *cli.Factory, args []string) error {
	root := newRoot(f, args)
	err := execute(ctx, f, root, args)
	if err != nil {
		err = f.Explain(ctx, err)
	}
	// An error while writing the output takes precedence over a status that is an
	// answer.
	if closeErr := f.Close(); closeErr != nil && (err == nil || exit.IsAnswer(err)) {
		err = closeErr
	}
	return f.Settle(err)
}

// execute runs the command that args name. A word that is no command is an error. In the
// groups that etcdctl has, it is only printed, because etcdctl reports success. A script
// must not go on after it.
func execute(ctx context.Context, f *cli.Factory, root *cobra.Command, args []string) error {
	args, unknown := expandPrefixes(root, args)
	if unknown != nil && (unknown.isOwn() || f.IsInner()) {
		return unknown
	}
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case unknown == nil:
	case err != nil:
		return exit.With(exit.CodeOf(err), unknown) // err is only a consequence, such as an unknown flag
	default:
		f.SayMistake(unknown) // the status is 0
	}
	return err
}

// topCommand is a command directly below the root, by its name.
type topCommand struct {
	name string
	make func(*cli.Factory) *cobra.Command
}

// topCommands returns the commands below the root. Their order is that of the help: what
// a newcomer needs first comes first in its group.
func topCommands() []topCommand {
	return []topCommand{
		{"get", kv.NewGetCmd},
		{"put", kv.NewPutCmd},
		{"del", kv.NewDelCmd},
		{"txn", kv.NewTxnCmd},
		{"watch", watch.NewCmd},
		{"ls", kv.NewLsCmd},
		{"du", kv.NewDuCmd},
		{"lease", lease.NewCmd},
		{"compaction", kv.NewCompactionCmd},
		{"endpoint", cluster.NewEndpointCmd},
		{"member", cluster.NewMemberCmd},
		{"alarm", cluster.NewAlarmCmd},
		{"snapshot", snapshot.NewCmd},
		{"defrag", cluster.NewDefragCmd},
		{"move-leader", cluster.NewMoveLeaderCmd},
		{"make-mirror", mirror.NewCmd},
		{"check", check.NewCmd},
		{"downgrade", cluster.NewDowngradeCmd},
		{"user", user.NewCmd},
		{"role", role.NewCmd},
		{"auth", auth.NewCmd},
		{"rbac", rbac.NewCmd},
		{"whoami", rbac.NewWhoAmICmd},
		{"login", login.NewLoginCmd},
		{"logout", login.NewLogoutCmd},
		{"lock", lock.NewLockCmd},
		{"elect", lock.NewElectCmd},
		{"context", contexts.NewCmd},
		{"shell", newShellCmd},
		{"run", newRunCmd},
		{"each", newEachCmd},
		{"options", newOptionsCmd},
		{"completion", newCompletionCmd},
		{"version", newVersionCmd},
	}
}

// addCommands adds the commands to root. If args contain the full name of a command, it
// adds only this command. This is usual in scripts and completions, and building all
// commands would take a tenth of their time. Otherwise the meaning of args depends on
// all commands.
func addCommands(root *cobra.Command, f *cli.Factory, args []string) {
	all := topCommands()
	if at, _ := firstWord(root, args); at >= 0 {
		for _, command := range all {
			if command.name == args[at] {
				root.AddCommand(command.make(f))
				return
			}
		}
	}
	for _, command := range all {
		root.AddCommand(command.make(f))
	}
}

// NewRoot returns the whole command tree. Its commands use f.
func NewRoot(f *cli.Factory) *cobra.Command { return newRoot(f, nil) }

// newRoot returns the command tree, or the part of it that args need.
func newRoot(f *cli.Factory, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   f.Program,
		Short: "Administer etcd: keys, users and roles, the cluster and its members",
		Long: "Administer etcd v3: keys, the cluster and its members, users and roles.\n\n" +
			"Every command line of etcdctl " + etcdctlVersion + " works here, and gives the same results.",
		Example: `  # Write a key.
  ectl put /config/size 3
  # Read all keys that start with it.
  ectl get /config/ --prefix
  # Show the status of every member.
  ectl endpoint status --cluster -w table
  # Save a backup.
  ectl snapshot save backup.db
  # Use a cluster with TLS, as root.
  ectl --endpoints https://etcd1:2379 --cacert ca.crt --user root member list`,
		SilenceUsage:       true,
		SilenceErrors:      true,
		DisableSuggestions: true, // see unknownCommandError
		CompletionOptions:  cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetIn(f.Streams.In)
	isCompletion := len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd)
	if isCompletion { // cobra writes each candidate by itself
		root.SetOut(f.BufferedText())
	} else {
		root.SetOut(f.Text())
	}
	root.SetErr(f.Streams.Err)
	f.BindGlobals(root.PersistentFlags())
	root.AddGroup(
		&cobra.Group{ID: cli.GroupKV, Title: "Keys:"},
		&cobra.Group{ID: cli.GroupCluster, Title: "Cluster and members:"},
		&cobra.Group{ID: cli.GroupAuth, Title: "Users, roles and authentication:"},
		&cobra.Group{ID: cli.GroupConcurrency, Title: "Locks and elections:"},
		&cobra.Group{ID: cli.GroupUtility, Title: "This program:"},
	)
	addVersionFlag(root, f)
	root.InitDefaultHelpFlag() // so that -h is not treated as an option with a value
	addCommands(root, f, args)
	root.SetHelpCommandGroupID(cli.GroupUtility)
	setHelp(root, f)
	if len(args) == 0 || isCompletion {
		completeGlobals(root, f) // no other command line needs it
	}
	return root
}

// setHelp makes every help text refer to the global options, and errors of flags refer to
// the help of the command.
func setHelp(root *cobra.Command, f *cli.Factory) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		cmd.Example = inNameOf(f.Program, cmd.Example)
		help(cmd, args)
		fmt.Fprintf(cmd.OutOrStdout(), "\nUse \"%s options\" for the options that every command takes.\n", f.Program)
	})
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		writeUsage(cmd.OutOrStderr(), cmd)
		return nil
	})
	root.SetFlagErrorFunc(explainFlag)
	root.InitDefaultHelpCmd() // after all commands are added
	if topic, _, err := root.Find([]string{"help"}); err == nil {
		completeTopics(topic)
		known := topic.Run
		topic.Run = nil
		topic.RunE = func(cmd *cobra.Command, args []string) error {
			if page, ok := topicCalled(args); ok {
				return printTopic(cmd, f, page)
			}
			args, unknown := expandPrefixes(root, args) // those after "--" are not yet expanded
			switch {
			case unknown == nil:
			case unknown.isOwn():
				return unknown
			case unknown.group == root:
				// As in etcdctl, this is not an error. But no help text is printed.
				f.Say("Unknown help topic: " + unknown.Error())
				return nil
			default:
				defer f.SayMistake(unknown)
			}
			known(cmd, args)
			return nil
		}
	}
	if flag := root.Flags().Lookup("help"); flag != nil {
		flag.Hidden = true
	}
}

// explainFlag adds to the error of a flag what is probably meant, or refers to the help
// of cmd.
func explainFlag(cmd *cobra.Command, err error) error {
	advice := ""
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		advice = cli.UnknownFlagHint(cmd, unknown)
		if strings.Contains(cmd.Use, "-- COMMAND") {
			advice = "put a command with options after --: -- sh -c exit; " + seeHelp(cmd)
		}
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		flag := invalid.GetFlag()
		if flag.Name == etcd.FlagEndpoints {
			err = fmt.Errorf("invalid --%s: %w", etcd.FlagEndpoints, invalid.Unwrap()) // without the value: it may hold a login
		} else {
			advice = cli.ValueHint(flag, invalid.GetValue())
		}
	}
	if advice == "" {
		advice = seeHelp(cmd)
	}
	return fmt.Errorf("%w; %s", err, advice)
}

// inNameOf replaces "ectl" in examples with the name of the program.
func inNameOf(program, examples string) string {
	return regexp.MustCompile(`\bectl ([a-z-])`).ReplaceAllString(examples, strings.ReplaceAll(program, "$", "$$")+" $1")
}

package lock

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/lock"
)

// electOptions holds the arguments and flags of "elect".
type electOptions struct {
	Name     string
	Proposal string
	Listen   bool
	Proclaim bool
	Command  []string
	holding
}

const (
	flagListen   = "listen"
	flagProclaim = "proclaim"
)

// NewElectCmd returns the command "elect".
func NewElectCmd(f *cli.Factory) *cobra.Command {
	opts := &electOptions{}
	cmd := &cobra.Command{
		Use:   "elect NAME [PROPOSAL [-- COMMAND [ARG...]]]",
		Short: "Campaign in an election, or observe its leaders",
		Long: `Wait to become the leader of the election NAME. Then print the leader's key with
PROPOSAL as its value, and lead until interrupted. With --proclaim, each line of
standard input is a new proposal, which replaces the previous one.

With COMMAND, lead while it runs, and print nothing else. The command receives
SIGINT, SIGTERM and SIGHUP, and elect exits with its status. ECTL_ELECTION_KEY
in its environment is the leader's key. ECTL_ELECTION_REV is a revision that is
higher for each later leader. If the leadership is lost, the command is
terminated as with "lock", and the exit status is 5.

The command does not inherit the login of this program. ETCDCTL_USER,
ETCDCTL_PASSWORD and ETCDCTL_AUTH_JWT_TOKEN are removed from its environment,
unless --keep-env-secrets is given.

With --listen, only observe the election: print the key and the proposal of each
leader when they change, until interrupted.`,
		Example: `  # Campaign, and hold the leadership until it is interrupted.
  ectl elect /elections/scheduler "$(hostname)"
  # Run a command while this process leads.
  ectl elect /elections/scheduler "$(hostname)" -- scheduler --active
  # Print each leader as an object.
  ectl elect --listen /elections/scheduler -w ndjson`,
		GroupID:           cli.GroupConcurrency,
		RunE:              cli.Run(f, opts, runElect),
		ValidArgsFunction: completions.BeforeCommand(f, completions.Args(f, completions.Elections)),
	}
	flags := cmd.Flags()
	flags.BoolVarP(&opts.Listen, flagListen, "l", false, "print each leader without campaigning")
	flags.BoolVar(&opts.Proclaim, flagProclaim, false, "read new proposals from standard input")
	opts.addFlags(flags, electionTTL)
	return cmd
}

// Complete implements cli.Options. A command must follow a "--" after the proposal.
// Otherwise a proposal of two unquoted words would be treated as a command.
func (o *electOptions) Complete(_ *cli.Factory, cmd *cobra.Command, args []string) error {
	const proposed = 2
	if dash := cmd.ArgsLenAtDash(); dash == proposed && len(args) > proposed {
		args, o.Command = args[:proposed], args[proposed:]
	}
	switch {
	case len(args) == 0 || len(args) > proposed:
		return exit.BadArgsf("elect takes the name of an election [and a proposal [and a command after --]]: got %d words", len(args))
	case len(args) == 1 && !o.Listen:
		return exit.BadArgsf("no proposal: give one, or --listen to only observe")
	case len(args) == proposed && o.Listen:
		return exit.BadArgsf("a proposal and --listen exclude each other: choose one")
	}
	if err := o.validate(); err != nil {
		return err
	}
	if err := cli.Exclusive(cmd.Flags(), flagListen, flagProclaim); err != nil {
		return err
	}
	if o.Name = args[0]; !o.Listen {
		o.Proposal = args[1]
	}
	return nil
}

func runElect(ctx context.Context, f *cli.Factory, opts *electOptions) error {
	if opts.Listen {
		return runListen(ctx, f, opts)
	}
	candidate, held, err := acquire(ctx, f, lock.Config{What: "the leadership", Prefix: opts.Name + "/", Value: opts.Proposal, TTL: opts.seconds()})
	if err != nil {
		return err
	}
	var proposals <-chan string
	if opts.Proclaim {
		proposals = lock.Proposals(f.Stdin(), f.Warn)
	}
	if len(opts.Command) == 0 {
		return candidate.Wait(held, show(f), proposals)
	}
	environ := append(f.ChildEnviron(opts.Children.KeepEnvSecrets),
		"ECTL_ELECTION_KEY="+candidate.Key(), fmt.Sprintf("ECTL_ELECTION_REV=%d", candidate.Created()))
	return candidate.Run(held, child(f, opts.Command, environ), opts.Grace, proposals)
}

func runListen(ctx context.Context, f *cli.Factory, opts *electOptions) error {
	client, err := f.Client(ctx)
	if err != nil {
		return err
	}
	return lock.Listen(ctx, lock.ListenConfig{
		Client: client, Prefix: opts.Name + "/", Timeout: f.Connection.CommandTimeout,
		Signals: f.Streams.Signals.Capture, Show: show(f), Warn: f.Warn,
	})
}

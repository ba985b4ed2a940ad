package lock

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/lock"
)

// electOptions is what "elect" was asked to do.
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
		Short: "Take part in an election, or follow it",
		Long: `Wait to be the leader of the election NAME, print the leader's key with PROPOSAL
as its value, and lead until interrupted. With --proclaim each line of standard
input is a further proposal, which takes the place of the one before.

With a COMMAND lead while that runs, and print nothing else. SIGINT, SIGTERM and
SIGHUP go to it, its status is that of the program, and its environment has the
leader's key in ECTL_ELECTION_KEY and in ECTL_ELECTION_REV a revision that is
higher for each later leader. When the leadership is lost the command is ended
as with "lock", and the status is 5.

The login of this program is not in the command's environment: it has no
ETCDCTL_USER, ETCDCTL_PASSWORD and ETCDCTL_AUTH_JWT_TOKEN, unless
--keep-env-secrets is given.

With --listen take no part: print each leader's key and proposal, now and
whenever they change, until interrupted.`,
		Example: `  ectl elect /elections/scheduler "$(hostname)"
  ectl elect /elections/scheduler "$(hostname)" -- scheduler --active
  ectl elect --listen /elections/scheduler -w ndjson`,
		GroupID:           cli.GroupConcurrency,
		RunE:              cli.Run(f, opts, runElect),
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault), // files, for the command
	}
	flags := cmd.Flags()
	flags.BoolVarP(&opts.Listen, flagListen, "l", false, "print each leader, and take no part")
	flags.BoolVar(&opts.Proclaim, flagProclaim, false, "read further proposals from standard input")
	opts.addFlags(flags, electionTTL)
	return cmd
}

// Complete implements cli.Options. Only words after a "--" that follows the proposal
// are a command: a proposal of two words that lost its quotes is none.
func (o *electOptions) Complete(_ *cli.Factory, cmd *cobra.Command, args []string) error {
	const proposed = 2
	if dash := cmd.ArgsLenAtDash(); dash == proposed && len(args) > proposed {
		args, o.Command = args[:proposed], args[proposed:]
	}
	switch {
	case len(args) == 0 || len(args) > proposed:
		return exit.BadArgsf("elect takes the name of an election [and a proposal [and, behind --, a command]]; got %d words", len(args))
	case len(args) == 1 && !o.Listen:
		return exit.BadArgsf("elect takes a proposal, or --listen to take no part")
	case len(args) == proposed && o.Listen:
		return exit.BadArgsf("elect takes a proposal or --listen, not both")
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
		Signals: f.Streams.Signals.Take, Show: show(f), Warn: f.Warn,
	})
}

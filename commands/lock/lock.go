// Package lock holds the commands "lock" and "elect".
package lock

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/lock"
	"github.com/ectl-io/ectl/output"
)

// lockOptions is what "lock" was asked to do.
type lockOptions struct {
	Name    string
	Command []string
	holding
}

// holding is how a lock or a leadership is held.
type holding struct {
	TTL      int           // of the lease, in seconds
	Grace    time.Duration // that a command has to end once it is lost
	Children cli.Children
}

const (
	lockTTL      = 10
	electionTTL  = 60 // also for a lock's TTL of no seconds
	defaultGrace = 5 * time.Second
)

func (h *holding) addFlags(flags *pflag.FlagSet, ttl int) {
	flags.IntVar(&h.TTL, "ttl", ttl, "`seconds` after which it is lost when nobody can renew it")
	flags.DurationVar(&h.Grace, "grace", defaultGrace, "how long a command may take to end once it is lost, before it is killed")
	h.Children.AddFlags(flags, "the command")
}

// seconds is the TTL to ask for. Like etcdctl it takes one that is no time for
// the default of elections.
func (h *holding) seconds() int64 {
	if h.TTL <= 0 {
		return electionTTL
	}
	return int64(h.TTL)
}

// NewLockCmd returns the command "lock".
func NewLockCmd(f *cli.Factory) *cobra.Command {
	opts := &lockOptions{}
	cmd := &cobra.Command{
		Use:   "lock NAME [-- COMMAND [ARG...]]",
		Short: "Hold a lock, or run a command while holding it",
		Long: `Wait for the lock NAME, print the key that holds it, and hold it until
interrupted. With a COMMAND hold it while that runs, and end with its status,
255 where a signal ended it.

SIGINT, SIGTERM and SIGHUP go to the command; a terminal's Ctrl-C goes to all
that runs there. Its environment has the key that holds the lock in
ETCD_LOCK_KEY, and in ETCD_LOCK_REV a revision that is higher for each later
holder. It reads nothing from standard input.

The login of this program is not in the command's environment: it has no
ETCDCTL_USER, ETCDCTL_PASSWORD and ETCDCTL_AUTH_JWT_TOKEN, unless
--keep-env-secrets is given or the program is called etcdctl.

The lock is lost when no member could renew its lease for --ttl seconds, or when
its key is deleted. The command is then told to end, with SIGTERM, killed after
--grace, and the status is 5; without a command it is 1. A place in the queue
that is lost is taken again, at its end. A warning says if no server has
answered for longer than the timeout, and when one answers again.

On Linux what the command has started ends with it where the lock is lost, or
where a signal that was passed on ends the command: it is told to end, too, and
killed after --grace, before the lock is given up. What is in a session of its
own, as daemons are, goes on.`,
		Example: `  ectl lock /locks/deploy -- ./deploy.sh production
  ectl lock /locks/backup --ttl 30 --grace 10s -- sh -c 'exec backup --token "$ETCD_LOCK_REV"'`,
		GroupID:           cli.GroupConcurrency,
		Args:              cli.Args(1, cli.Unlimited, "the name of a lock [and a command]"),
		RunE:              cli.Run(f, opts, runLock),
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault), // files, for the command
	}
	opts.addFlags(cmd.Flags(), lockTTL)
	return cmd
}

// Complete implements cli.Options.
func (o *lockOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.Name, o.Command = args[0], args[1:]
	return nil
}

func runLock(ctx context.Context, f *cli.Factory, opts *lockOptions) error {
	candidate, held, err := acquire(ctx, f, lock.Config{What: "the lock", Prefix: opts.Name + "/", TTL: opts.seconds()})
	if err != nil {
		return err
	}
	if len(opts.Command) == 0 {
		return candidate.Wait(held, show(f), nil)
	}
	// The command gets the variables that etcdctl gives it.
	environ := append(f.ChildEnviron(opts.Children.KeepEnvSecrets || f.AsEtcdctl()),
		"ETCD_LOCK_KEY="+candidate.Key(), fmt.Sprintf("ETCD_LOCK_REV=%d", candidate.Acquired()))
	return candidate.Run(held, child(f, opts.Command, environ), opts.Grace, nil)
}

// acquire queues for what config names, and waits for it. The context that it returns
// is cancelled when that is lost.
func acquire(ctx context.Context, f *cli.Factory, config lock.Config) (*lock.Candidate, context.Context, error) {
	client, err := f.Client(ctx)
	if err != nil {
		return nil, nil, err
	}
	config.Client, config.Timeout, config.Signals, config.Changes = client, f.Connection.CommandTimeout, f.Streams.Signals.Take, f.Connection.Changes
	config.Warn, config.Say = f.Warn, f.Say
	candidate := lock.New(config)
	held, err := candidate.Acquire(ctx)
	return candidate, held, err
}

// show prints the key of a holder or a leader.
func show(f *cli.Factory) lock.Show {
	results := f.Results()
	return func(r *clientv3.GetResponse) error { return results(output.Held{Response: r}) }
}

// child is a command that runs while a lock is held. It reads nothing from
// standard input.
func child(f *cli.Factory, words, environ []string) *exec.Cmd {
	cmd := exec.Command(words[0], words[1:]...) //nolint:noctx // the engine tells it to end before it kills it
	cmd.Env = environ
	cmd.Stdout, cmd.Stderr = f.Streams.ChildOut(), f.Streams.Err
	return cmd
}

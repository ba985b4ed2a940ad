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
	"github.com/ectl-io/ectl/completions"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/lock"
	"github.com/ectl-io/ectl/output"
)

// lockOptions holds the arguments and flags of "lock".
type lockOptions struct {
	Name    string
	Command []string
	holding
}

// holding contains the options that lock and elect share. They select how a lock or a
// leadership is held.
type holding struct {
	TTL      int           // of the lease, in seconds
	Grace    time.Duration // time for the command to exit after the loss
	Children cli.Children
}

const (
	lockTTL      = 10
	electionTTL  = 60 // also if the TTL of a lock is not positive
	defaultGrace = 5 * time.Second
)

func (h *holding) addFlags(flags *pflag.FlagSet, ttl int) {
	flags.IntVar(&h.TTL, "ttl", ttl, "`seconds` until it is lost if no member can renew its lease")
	flags.DurationVar(&h.Grace, "grace", defaultGrace, "time for the command to exit after the loss, before it is killed")
	h.Children.AddFlags(flags, "the command")
}

// validate refuses a time before the kill that is negative.
func (h *holding) validate() error {
	if h.Grace < 0 {
		return exit.BadArgsf("--grace %s: must not be negative", h.Grace)
	}
	return nil
}

// seconds returns the TTL of the lease. As in etcdctl, the default of elections
// replaces a TTL that is not positive.
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
		Short: "Acquire a lock, and hold it or run a command with it",
		Long: `Wait for the lock NAME, print the key that holds it, and hold it until
interrupted. With COMMAND, hold the lock while the command runs, and exit with
its status, or 255 if a signal ended it.

The command receives SIGINT, SIGTERM and SIGHUP. A terminal's Ctrl-C reaches all
its processes. ETCD_LOCK_KEY in the environment of the command is the key that
holds the lock. ETCD_LOCK_REV is a revision that is higher for each later
holder. The command has no standard input.

The command does not inherit the login of this program. ETCDCTL_USER,
ETCDCTL_PASSWORD and ETCDCTL_AUTH_JWT_TOKEN are removed from its environment,
unless --keep-env-secrets is given or the program is called etcdctl.

The lock is lost if no member can renew its lease for --ttl seconds, or if its
key is deleted. Then the command receives SIGTERM, and is killed after --grace.
The exit status is 5, or 1 without a command. A lost place in the queue is
replaced by a new one at its end. A warning is printed if no server answers for
longer than the timeout, and another when one answers again.

On Linux, the processes that the command has started end with it, if the lock is
lost or a forwarded signal ends the command. They also receive SIGTERM, and are
killed after --grace, before the lock is released. Processes in their own
session, such as daemons, keep running.`,
		Example: `  # Run a command while the lock is held.
  ectl lock /locks/deploy -- ./deploy.sh production
  # Pass the revision of the lock to a command, as a fencing token.
  ectl lock /locks/backup --ttl 30 --grace 10s -- \
    sh -c 'exec backup --token "$ETCD_LOCK_REV"'`,
		GroupID:           cli.GroupConcurrency,
		Args:              cli.Args(1, cli.Unlimited, "the name of a lock [and a command]"),
		RunE:              cli.Run(f, opts, runLock),
		ValidArgsFunction: completions.ThenCommand(f, 1, completions.Args(f, completions.Locks)),
	}
	opts.addFlags(cmd.Flags(), lockTTL)
	return cmd
}

// Complete implements cli.Options.
func (o *lockOptions) Complete(_ *cli.Factory, _ *cobra.Command, args []string) error {
	o.Name, o.Command = args[0], args[1:]
	return o.validate()
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

// acquire queues for the lock or leadership of config, and waits for it. The returned
// context is cancelled when the lock or leadership is lost.
func acquire(ctx context.Context, f *cli.Factory, config lock.Config) (*lock.Candidate, context.Context, error) {
	client, err := f.Client(ctx)
	if err != nil {
		return nil, nil, err
	}
	config.Client, config.Timeout, config.Signals, config.Changes = client, f.Connection.CommandTimeout, f.Streams.Signals.Capture, f.Connection.Changes
	config.Warn, config.Say = f.Warn, f.Say
	candidate := lock.New(config)
	held, err := candidate.Acquire(ctx)
	return candidate, held, err
}

// show prints the key of a holder or leader.
func show(f *cli.Factory) lock.Show {
	results := f.Results()
	return func(r *clientv3.GetResponse) error { return results(output.LockHolder{Response: r}) }
}

// child returns the command to run while a lock is held. It has no standard input.
func child(f *cli.Factory, words, environ []string) *exec.Cmd {
	f.EndWaits()
	cmd := exec.Command(words[0], words[1:]...) //nolint:noctx // the engine sends SIGTERM before it kills it
	cmd.Env = environ
	cmd.Stdout, cmd.Stderr = f.Streams.ChildOut(), f.Streams.Err
	return cmd
}

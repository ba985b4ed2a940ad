package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/quantity"
)

// Destruction describes what a command destroys: keys, history, users, roles, permissions,
// members, or the protection by authentication.
type Destruction[O Options] struct {
	// If reports whether the command destroys something with these options. nil means
	// always.
	If func(O) bool

	// Hits describes in one line what the command will do, as the end of a sentence that
	// begins with "About to": "delete user bob with the roles dev, ops". It is called
	// only before a question. An empty line means that the command will change nothing,
	// so there is no question. nil means that the command calls Agree itself.
	Hits func(context.Context, *Factory, O) (string, error)
}

// Destroys declares that cmd destroys something, and returns cmd. The Factory decides
// whether the user is asked, see Consent. A command with --yes does not ask if it is given.
// opts are the options of cmd.
func Destroys[O Options](f *Factory, cmd *cobra.Command, opts O, d Destruction[O]) *cobra.Command {
	run := cmd.RunE
	f.AddConfirm(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f.destruction = &destruction{applies: func() bool { return d.If == nil || d.If(opts) }}
		f.destruction.yes, _ = cmd.Flags().GetBool(FlagYes) // false if there is no such flag
		if d.Hits != nil {
			f.destruction.hits = func(ctx context.Context) (string, error) { return d.Hits(ctx, f, opts) }
		}
		return run(cmd, args)
	}
	return cmd
}

// destruction is a Destruction together with the options of the command line.
type destruction struct {
	applies func() bool
	yes     bool                                  // --yes is given
	hits    func(context.Context) (string, error) // nil: the command calls Agree
}

// Destroys reports whether the command line destroys something. Its options must be
// complete.
func (f *Factory) Destroys() bool {
	return f.destruction != nil && !f.DryRun() && f.destruction.applies()
}

// Consent says what the user must do before a command of a Factory destroys something. In
// a protected context, ConsentNotNeeded and ConsentAsked both mean that a person at a
// terminal types the name of the context, and that a script gives --confirm.
type Consent int

const (
	// ConsentNotNeeded means that the command runs at once, as in etcdctl.
	ConsentNotNeeded Consent = iota
	// ConsentAsked means that a person at a terminal is asked.
	ConsentAsked
	// ConsentGiven means that the user has agreed to what the outer command runs.
	ConsentGiven
)

// FlagConfirm is the option that confirms what a command destroys.
const FlagConfirm = "confirm"

// AddConfirm adds --confirm to a command that destroys something in a protected context, or
// that runs such commands.
func (f *Factory) AddConfirm(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.confirm, FlagConfirm, "", "`name` of the protected context, to destroy something in it without a question")
}

// Guarded reports whether the user is asked, or has agreed, before the command destroys
// something. Another question or a pause is then of no use.
func (f *Factory) Guarded() bool {
	return f.consent == ConsentGiven || f.protected() != "" || f.asks()
}

// asks reports whether a person is asked. A script cannot answer: its next line is no
// answer.
func (f *Factory) asks() bool { return f.consent == ConsentAsked && f.Prompter.Interactive() }

// protected returns the name of the context in use if it is protected, or an empty string.
func (f *Factory) protected() string {
	if f.context == nil || !f.context.Protected {
		return ""
	}
	return f.context.Name
}

// confirmed returns the value of --confirm, of the command line or of the outer one.
func (f *Factory) confirmed() string {
	if f.confirm == "" && f.outer != nil && f.context == f.outer.context {
		return f.outer.confirm
	}
	return f.confirm
}

// checkConfirm refuses --confirm with another name than that of the context in use. The
// command would run in a cluster that is not meant.
func (f *Factory) checkConfirm() error {
	switch {
	case f.confirm == "" || f.consent == ConsentGiven:
	case f.context == nil:
		return exit.BadArgsf("--%s %s: no context is in use; give --%s", FlagConfirm, f.confirm, FlagContext)
	case f.context.Name != f.confirm:
		return exit.BadArgsf("--%s %s: the context in use is %s", FlagConfirm, f.confirm, f.context.Name)
	}
	return nil
}

// agreeToDestroy asks before the command destroys something, unless the command does this
// itself.
func (f *Factory) agreeToDestroy(ctx context.Context) error {
	if f.destruction == nil {
		return nil
	}
	if err := f.checkConfirm(); err != nil {
		return err
	}
	if !f.Destroys() || f.destruction.hits == nil {
		return nil
	}
	return f.Agree(ctx, f.destruction.hits)
}

// ErrNotConfirmed is the error of a command if the user does not agree to what it does.
var ErrNotConfirmed = errors.New("not confirmed: nothing was changed")

// Agree asks the user to agree to what hits describes, if the command line needs consent.
// In a protected context the answer is its name. Agree returns ErrNotConfirmed if the user
// does not agree.
func (f *Factory) Agree(ctx context.Context, hits func(context.Context) (string, error)) error {
	name := f.protected()
	switch {
	case f.consent == ConsentGiven || f.DryRun():
		return nil
	case name != "" && f.confirmed() == name:
		return nil
	case name != "" && !f.canAsk():
		return exit.BadArgsf("the context %s is protected, and there is no terminal to ask: give --%s %s", name, FlagConfirm, name)
	case name == "" && (!f.asks() || f.destruction != nil && f.destruction.yes):
		return nil
	}
	what, err := hits(ctx)
	if err != nil || what == "" {
		return err
	}
	f.BreakLine()
	if name != "" {
		answer, err := f.Prompter.Answer(ctx, fmt.Sprintf("About to %s. The context %s is protected: type its name to continue: ", what, name))
		if err == nil && answer != name {
			err = ErrNotConfirmed
		}
		return err
	}
	answer, err := f.Prompter.Answer(ctx, "About to "+what+". Continue? (y/N): ")
	if err != nil {
		return err
	}
	if answer = strings.ToLower(answer); answer != "y" && answer != "yes" {
		return ErrNotConfirmed
	}
	return nil
}

// canAsk reports whether a person at a terminal can answer. If standard input has something
// else for the command, the controlling terminal answers.
func (f *Factory) canAsk() bool {
	return f.Prompter.Interactive() || f.Streams.ErrIsTerminal && f.Prompter.HasControllingTerminal()
}

// HitsOf returns the description what of a Destruction, completed with what read finds in
// the cluster. If the user may not read it, the description stays as it is. If what is
// destroyed does not exist, the description is empty.
func HitsOf(what string, read func() (string, error)) (string, error) {
	details, err := read()
	switch {
	case err == nil:
		return what + details, nil
	case errors.Is(err, rpctypes.ErrPermissionDenied):
		return what, nil
	case errors.Is(err, rpctypes.ErrUserNotFound), errors.Is(err, rpctypes.ErrRoleNotFound), errors.Is(err, rpctypes.ErrLeaseNotFound):
		return "", nil
	}
	return "", err
}

// maxListed is the maximum number of names in a description.
const maxListed = 10

// Listed returns a noun with names, for a description: "the role ops", "the roles dev,
// ops", or "the roles a, b and 7 more".
func Listed(noun string, names []string) string {
	switch {
	case len(names) > 1:
		noun += "s"
	case len(names) == 0:
		return "no " + noun + "s"
	}
	rest := ""
	if more := len(names) - maxListed; more > 0 {
		names, rest = names[:maxListed], " and "+quantity.Grouped(more)+" more"
	}
	return "the " + noun + " " + strings.Join(names, ", ") + rest
}

package user

import (
	"context"
	"errors"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/retry"
	"github.com/ectl-io/ectl/internal/secret"
	"github.com/ectl-io/ectl/output"
)

// runAddGenerated adds the user with a generated password. The password is printed
// before the user is added.
func runAddGenerated(ctx context.Context, f *cli.Factory, opts *addOptions) error {
	there, err := opts.isThere(ctx, f)
	if err != nil {
		return err
	}
	if there {
		return f.PrintChange(output.UserAdded(opts.Name, nil), rpctypes.ErrUserAlreadyExist, opts.idempotent())
	}
	password, delivery, err := opts.deliver(ctx, f, nil)
	if err != nil {
		return err
	}
	response, err := cli.Call(ctx, f, opts.add(password))
	result := output.UserAdded(opts.Name, response).Idempotent()
	if err == nil {
		return delivery.Finish(result)
	}
	effect := secret.NotInEffect
	if retry.OutcomeUnknown(err) {
		effect = opts.effect(ctx, f, password)
	}
	return delivery.Fail(ctx, err, effect, result.Failed(effect != secret.NotInEffect))
}

// deliver generates the password, and prints it in the first part of the result or writes
// it to a file. roles are the roles to be granted. If nil, the result does not list roles.
func (o *addOptions) deliver(ctx context.Context, f *cli.Factory, roles []string) (password string, delivery *cli.Delivery, err error) {
	if password, err = o.Password.Read(ctx, f, o.Name); err != nil {
		return "", nil, err
	}
	delivery, err = o.Password.Deliver(ctx, f, output.PasswordOfUser{GeneratedPassword: output.GeneratedPassword{User: o.Name, Password: password}, Roles: roles})
	return password, delivery, err
}

// isThere reports whether the user exists.
func (o *addOptions) isThere(ctx context.Context, f *cli.Factory) (bool, error) {
	_, err := cli.CallWith(ctx, f, (*etcd.Client).UserGet, o.Name)
	if errors.Is(err, rpctypes.ErrUserNotFound) {
		return false, nil
	}
	return err == nil, err
}

// effect determines whether the printed password is in effect. While authentication is on, a
// login shows this. Otherwise a user that exists counts as the one that was to be added,
// because it did not exist before the password was printed.
func (o *addOptions) effect(ctx context.Context, f *cli.Factory, password string) secret.Effect {
	off := false
	effect := cli.EffectOf(ctx, f.As("", ""), login(o.Name, password), func(err error) secret.Effect {
		off = errors.Is(err, rpctypes.ErrAuthNotEnabled)
		return effectByLogin(err)
	})
	if !off {
		return effect
	}
	return cli.EffectOf(ctx, f.Detached(), func(ctx context.Context, c *etcd.Client) error {
		_, err := c.UserGet(ctx, o.Name)
		return err
	}, func(err error) secret.Effect {
		switch {
		case err == nil:
			return secret.InEffect
		case errors.Is(err, rpctypes.ErrUserNotFound):
			return secret.NotInEffect
		}
		return secret.EffectUnknown
	})
}

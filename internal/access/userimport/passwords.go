package userimport

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/usertable"
	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/quantity"
)

// passwordsMode is the mode of the file of the generated passwords.
const passwordsMode = 0o600

// readPasswords reads the passwords of the users to add. In a dry run, no command runs.
func (r *run) readPasswords(ctx context.Context) error {
	var problems usertable.Errors
	for _, user := range r.users {
		if r.existing[user.Name] || user.Password.Source == policy.None || r.isDry() && user.Password.Source == policy.Command {
			continue
		}
		password, err := r.ReadPassword(ctx, user.Password)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			problems = append(problems, usertable.Problem{File: user.At.File, Line: user.At.Line, Message: fmt.Sprintf("the password of %s: %v", user.Name, err)})
			continue
		}
		r.passwords[user.Name] = password
	}
	return r.refuse(problems, exit.InvalidInput)
}

// generated returns the users with generated passwords.
func (r *run) generated() []policy.User {
	return slices.DeleteFunc(slices.Clone(r.users), func(user policy.User) bool {
		return user.Password.Source != policy.Generate || r.existing[user.Name]
	})
}

// deliver writes the generated passwords to their file, before the first of them is set.
func (r *run) deliver(ctx context.Context) error {
	users := r.generated()
	switch {
	case len(users) == 0, r.isDry():
		return nil
	case r.PasswordsOut == "":
		return exit.BadArgsf("passwords are generated for %s: give a file for them with --%s; nothing was changed", quantity.Of(len(users), "user"), r.Flags.PasswordsOut)
	}
	table, err := r.passwordTable(users)
	if err != nil {
		return err
	}
	file, err := atomicfile.WriteSet(false, atomicfile.Content{Path: r.PasswordsOut, Data: table, Mode: passwordsMode})
	if err == nil {
		defer file.Abort()
		err = file.Commit(ctx)
	}
	r.written = err == nil
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		return exit.With(exit.IO, fmt.Errorf("--%s: %s exists, so nothing was changed: choose another name", r.Flags.PasswordsOut, r.PasswordsOut))
	}
	return exit.With(exit.IO, fmt.Errorf("--%s: %w: the generated passwords would be lost, so nothing was changed", r.Flags.PasswordsOut, err))
}

// passwordTable returns the table of the generated passwords of users.
func (r *run) passwordTable(users []policy.User) ([]byte, error) {
	rows := [][]string{{"name", "password"}}
	for _, user := range users {
		rows = append(rows, []string{user.Name, r.passwords[user.Name]})
	}
	var table bytes.Buffer
	err := csv.NewWriter(&table).WriteAll(rows)
	return table.Bytes(), err
}

// keepPasswords leaves only the passwords of the users for whom keep returns true in the
// file, because the others are not in effect. It removes an empty file. It returns the
// number of passwords that are left.
func (r *run) keepPasswords(keep func(policy.User) bool) int {
	if !r.written {
		return 0
	}
	all := r.generated()
	kept := slices.DeleteFunc(slices.Clone(all), func(user policy.User) bool { return !keep(user) })
	var err error
	switch len(kept) {
	case len(all):
	case 0:
		err = os.Remove(r.PasswordsOut)
	default:
		err = r.replacePasswords(kept)
	}
	if err != nil {
		r.Report.Warn(fmt.Sprintf("some passwords in %s are not in effect: %s", r.PasswordsOut, err))
	}
	return len(kept)
}

// replacePasswords replaces the file of the generated passwords by one for users.
func (r *run) replacePasswords(users []policy.User) error {
	table, err := r.passwordTable(users)
	if err != nil {
		return err
	}
	file, err := atomicfile.Write(r.PasswordsOut, table, passwordsMode)
	if err != nil {
		return err
	}
	return file.Commit()
}

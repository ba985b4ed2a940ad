package commands

import (
	"errors"
	"io"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/iostreams"
)

// checkLine reports whether a command line names a command with options and arguments
// that it has. It runs nothing, and reads no file that the line names: an earlier line of
// a script may still write it.
func checkLine(program string, words []string) error {
	f := cli.NewFactory(program, &iostreams.Streams{Out: io.Discard, Err: io.Discard})
	root := newRoot(f, words)
	args, unknown := expandPrefixes(root, words)
	if unknown != nil {
		return unknown
	}
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return nil
		}
		return cmd.FlagErrorFunc()(cmd, err)
	}
	if help, err := cmd.Flags().GetBool("help"); err == nil && help {
		return nil
	}
	arguments := cmd.Flags().Args()
	if cmd.DisableFlagParsing {
		arguments = rest
	}
	if cmd.Runnable() {
		return cmd.ValidateArgs(arguments)
	}
	return nil
}

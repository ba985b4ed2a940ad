package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/output"
)

// Groups of commands in the help of the root command.
const (
	GroupKV          = "kv"
	GroupConcurrency = "concurrency"
	GroupAuth        = "auth"
	GroupCluster     = "cluster"
	GroupUtility     = "utility"
)

// extensionAnnotation marks commands that etcdctl does not have.
const extensionAnnotation = "ectl"

// Extension marks cmd as a command that etcdctl does not have. The name of an extension
// never makes a prefix of an etcdctl command ambiguous.
func Extension(cmd *cobra.Command) *cobra.Command {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[extensionAnnotation] = "own"
	return cmd
}

// IsExtension reports whether etcdctl lacks cmd.
func IsExtension(cmd *cobra.Command) bool { return cmd.Annotations[extensionAnnotation] != "" }

// formatsAnnotation holds the output formats of a command that has its own set of
// formats.
const formatsAnnotation = "formats"

// FormatsOf sets the formats that --write-out of cmd accepts, and returns cmd. These
// are the formats that can represent results like r.
func FormatsOf(cmd *cobra.Command, r output.Result) *cobra.Command {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[formatsAnnotation] = output.FormatNames(output.FormatsOf(r))
	return cmd
}

// Formats returns the values of --write-out that cmd accepts.
func Formats(cmd *cobra.Command) []output.Format {
	names, own := cmd.Annotations[formatsAnnotation]
	if !own {
		return output.Formats()
	}
	var formats []output.Format
	for name := range strings.SplitSeq(names, ", ") {
		formats = append(formats, output.Format(name))
	}
	return formats
}

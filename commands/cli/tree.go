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

// Extension marks cmd as a command that etcdctl does not have, whose name must never
// take a prefix away from one of etcdctl's.
func Extension(cmd *cobra.Command) *cobra.Command {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[extensionAnnotation] = "own"
	return cmd
}

// IsExtension says whether etcdctl does not have cmd.
func IsExtension(cmd *cobra.Command) bool { return cmd.Annotations[extensionAnnotation] != "" }

// formatsAnnotation holds the formats of a command that has not those of every
// other.
const formatsAnnotation = "formats"

// FormatsOf says that cmd prints results like r: what it can be printed in is what
// --write-out takes.
func FormatsOf(cmd *cobra.Command, r output.Result) *cobra.Command {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[formatsAnnotation] = output.FormatNames(output.FormatsOf(r))
	return cmd
}

// Formats lists what --write-out takes for cmd.
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

package cli

import "github.com/spf13/cobra"

// Groups of commands in the help of the root command.
const (
	GroupKV      = "kv"
	GroupAuth    = "auth"
	GroupCluster = "cluster"
	GroupUtility = "utility"
)

// ownAnnotation marks commands that etcdctl does not have.
const ownAnnotation = "ectl"

// Own marks cmd as a command that etcdctl does not have, whose name must never
// take a prefix away from one of etcdctl's.
func Own(cmd *cobra.Command) *cobra.Command {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[ownAnnotation] = "own"
	return cmd
}

// IsOwn says whether etcdctl does not have cmd.
func IsOwn(cmd *cobra.Command) bool { return cmd.Annotations[ownAnnotation] != "" }

package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/suggest"
)

// Choices holds the values of an enumerated flag. The usage, the completion and the
// validation of the flag use the same list.
type Choices[T any] struct {
	Flag     string // name of the flag
	FoldCase bool   // the case of letters does not matter
	Values   []Choice[T]
}

// Choice is one value of an enumerated flag.
type Choice[T any] struct {
	Name  string // empty: the default of the flag
	Short string // second name, or empty
	Help  string // explanation in the usage, or empty
	Value T      // result of Parse
}

// AddFlag binds the flag to text. The current value of text is the default. AddFlag
// appends the names of the choices to the usage.
func (c Choices[T]) AddFlag(cmd *cobra.Command, text *string, usage string) {
	cmd.Flags().StringVar(text, c.Flag, *text, usage+": "+strings.Join(c.explained(), ", "))
	var candidates []cobra.Completion
	for _, choice := range c.Values {
		switch {
		case choice.Name == "":
		case choice.Short != "":
			candidates = append(candidates, choice.Short+"\t"+choice.Name)
		case choice.Help != "":
			candidates = append(candidates, choice.Name+"\t"+choice.Help)
		default:
			candidates = append(candidates, choice.Name)
		}
	}
	_ = cmd.RegisterFlagCompletionFunc(c.Flag, cobra.FixedCompletions(candidates, cobra.ShellCompDirectiveNoFileComp)) // fails only if the flag does not exist
}

// explained returns the choices in the form for the usage of the flag.
func (c Choices[T]) explained() []string {
	var list []string
	for _, choice := range c.Values {
		switch {
		case choice.Name == "":
		case choice.Short != "":
			list = append(list, choice.Short+" ("+choice.Name+")")
		case choice.Help != "":
			list = append(list, choice.Name+" ("+choice.Help+")")
		default:
			list = append(list, choice.Name)
		}
	}
	return list
}

// names returns every name of the choices, in their order.
func (c Choices[T]) names() []string {
	var names []string
	for _, choice := range c.Values {
		for _, name := range []string{choice.Short, choice.Name} {
			if name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// Parse returns the value of the choice with the name text. For an unknown name, the
// error has the status BadFeature, as in etcdctl. Commands call Parse in Complete,
// because etcdctl checks other arguments first.
func (c Choices[T]) Parse(text string) (T, error) {
	for _, choice := range c.Values {
		for _, name := range []string{choice.Name, choice.Short} {
			if name == text && (name != "" || choice.Name == "") || c.FoldCase && text != "" && strings.EqualFold(name, text) {
				return choice.Value, nil
			}
		}
	}
	var none T
	return none, exit.BadFeaturef("invalid --%s %q: want %s%s", c.Flag, text, c.Names(), hint(suggest.Similar(text, c.names())))
}

// Names returns all names of the choices for the end of a sentence, in the form "a, b
// or c".
func (c Choices[T]) Names() string { return oneOf(c.names()) }

// oneOf joins names for the end of a sentence, in the form "a, b or c".
func oneOf(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// Consistency returns the choices of --consistency, with etcdctl's names. The value
// true means a serializable read.
func Consistency() Choices[bool] {
	return Choices[bool]{Flag: "consistency", Values: []Choice[bool]{
		{Name: "l", Value: false, Help: "linearizable, what the cluster agrees on"},
		{Name: "s", Value: true, Help: "serializable, what the member knows"},
	}}
}

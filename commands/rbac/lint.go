package rbac

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/lint"
	"github.com/ectl-io/ectl/internal/access/policy"
	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/output"
)

// lintOptions holds the flags of "rbac lint".
type lintOptions struct {
	FailOn  string
	failOn  lint.Severity // 0: never
	Files   policyFiles   // policy to check instead of the cluster
	Waivers policyFiles
}

const (
	flagFailOn  = "fail-on"
	flagWaivers = "waivers"
)

func newLintCmd(f *cli.Factory) *cobra.Command {
	opts := &lintOptions{}
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Check users, roles and grants for security problems",
		Long: `Check the users, roles and grants of the cluster, or of a policy file. Findings
are dangerous, probably unintended, or untidy. Each finding has a reason and a
fix. The rules:

` + ruleList() + `
To accept a finding, add a waiver with a reason to a policy file:

    apiVersion: ectl/v1
    waive:
      - rule: open-ended
        object: "role backup: read keys from /"
        reason: the backup reads everything

The object is the user or role of the finding, such as "role backup", or one of
its grants as above. A user or role waives all findings of the rule there.

The exit status is 0. With --` + flagFailOn + `, it is 1 for findings of at least that
severity without a waiver. It is 3 for an invalid policy file.`,
		Example: `  # Check all users and roles.
  ectl rbac lint
  # Fail from this severity on, without accepted findings.
  ectl rbac lint --fail-on medium --waivers waivers.yaml -w csv
  # Check a policy before it is applied.
  ectl rbac lint -f policy.yaml --fail-on low`,
		Args: cli.NoArgs,
		RunE: cli.Run(f, opts, runLint),
	}
	severities().AddFlag(cmd, &opts.FailOn, "fail if there is a finding of at least this `severity`")
	opts.Files.addFlags(cmd.Flags())
	addWaivers(cmd, &opts.Waivers)
	return cli.FormatsOf(cmd, output.Lint{})
}

func addWaivers(cmd *cobra.Command, files *policyFiles) {
	cmd.Flags().StringArrayVar(&files.Paths, flagWaivers, nil, "policy `file` with waivers; repeatable")
}

// ruleList describes the rules. One line contains the severity and the name, the next
// line contains the description.
func ruleList() string {
	var list strings.Builder
	for _, rule := range lint.Rules() {
		fmt.Fprintf(&list, "    %-6s  %s\n        %s\n", rule.Severity, rule.Name, rule.Finds)
	}
	return list.String()
}

// severities returns the values of --fail-on.
func severities() cli.Choices[lint.Severity] {
	c := cli.Choices[lint.Severity]{Flag: flagFailOn, Values: []cli.Choice[lint.Severity]{{Name: ""}}}
	for _, s := range lint.Severities() {
		c.Values = append(c.Values, cli.Choice[lint.Severity]{Name: s.String(), Value: s})
	}
	return c
}

// Complete implements cli.Options.
func (o *lintOptions) Complete(*cli.Factory, *cobra.Command, []string) (err error) {
	o.failOn, err = severities().Parse(o.FailOn)
	return exit.Force(exit.BadArgs, err)
}

func runLint(ctx context.Context, f *cli.Factory, opts *lintOptions) error {
	waivers, err := readWaivers(ctx, f, &opts.Waivers)
	if err != nil {
		return err
	}
	var state access.State
	if len(opts.Files.Paths) > 0 {
		p, err := opts.Files.read(ctx, f)
		if err != nil {
			return err
		}
		if err := checkWaivers(p.Waivers); err != nil {
			return err
		}
		state, waivers = p.State(), append(waivers, p.Waivers...)
	} else {
		snapshot, err := reader.ReadAs(ctx, f.Session)
		if err != nil {
			return err
		}
		state = snapshot.State
	}
	result, err := findings(ctx, f, state, waivers)
	if err != nil {
		return err
	}
	if err := f.Print(result); err != nil {
		return err
	}
	if err := f.Printer().Flush(); err != nil { // flush the findings before the summary
		return err
	}
	if !f.Quiet {
		f.Say(result.Summary())
	}
	if opts.failOn > 0 && result.Worst() >= opts.failOn {
		return exit.Answer(exit.Error)
	}
	return nil
}

// findings returns the findings of the rules, and warns of unused waivers.
func findings(ctx context.Context, f *cli.Factory, state access.State, waivers []policy.Waiver) (result output.Lint, err error) {
	found, err := iostreams.Await(ctx, func() ([]lint.Finding, error) { return lint.Find(state), nil })
	if err != nil {
		return result, err
	}
	for _, w := range lint.Waive(found, waivers) {
		f.Warn(fmt.Sprintf("%s: unused waiver: no finding of %s on %s", w.At, w.Rule, w.Object))
	}
	for _, finding := range found {
		lines := []string{}
		for _, step := range finding.Fix {
			line, ok := f.CommandLine(cli.StepArgs(step)...)
			if !ok { // an incomplete fix would not help
				lines = nil
				finding.Why += "; " + cli.NoCommandLine
				break
			}
			lines = append(lines, line)
		}
		result.Findings = append(result.Findings, output.Finding{Finding: finding, CommandLines: lines})
	}
	return result, nil
}

// readWaivers reads the waivers of policy files.
func readWaivers(ctx context.Context, f *cli.Factory, files *policyFiles) ([]policy.Waiver, error) {
	if len(files.Paths) == 0 {
		return nil, nil
	}
	p, err := files.read(ctx, f)
	if err != nil {
		return nil, err
	}
	return p.Waivers, checkWaivers(p.Waivers)
}

// checkWaivers refuses waivers of rules that do not exist.
func checkWaivers(waivers []policy.Waiver) error {
	if problems := lint.CheckWaivers(waivers); len(problems) > 0 {
		return exit.With(exit.InvalidInput, problems)
	}
	return nil
}

package commands

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/suggest"
)

func TestAWordThatIsNoCommandIsNamed(t *testing.T) {
	for line, want := range map[string]struct {
		code exit.Code
		help bool   // on standard output
		err  string // on standard error
	}{
		// etcdctl prints the help of its groups, and succeeds.
		"auth enabel":                 {exit.Success, true, `Error: unknown command "enabel" for "ectl auth"; did you mean enable?`},
		"user create bob":             {exit.Success, true, `Error: unknown command "create" for "ectl user"; did you mean add?`},
		"user creat bob":              {exit.Success, true, `Error: unknown command "creat" for "ectl user"; did you mean add?`},
		"us create --help":            {exit.Success, true, `Error: unknown command "create" for "ectl user"; did you mean add?`},
		"user rm bob":                 {exit.Success, true, `did you mean delete?`},
		"role show app":               {exit.Success, true, `did you mean get or list?`},
		"role remvoe app":             {exit.Success, true, `did you mean delete or revoke-permission?`},
		"role gant app":               {exit.Success, true, `did you mean grant-permission?`},
		"member rm 1":                 {exit.Success, true, `did you mean remove?`},
		"lease renew 1":               {exit.Success, true, `did you mean keep-alive?`},
		"snapshot restore f":          {exit.Success, true, `did you mean etcdutl snapshot restore?`},
		"auth grant-role bob app":     {exit.Success, true, `did you mean user grant-role?`},
		"role health":                 {exit.Success, true, `did you mean endpoint health?`},
		"user zzzz":                   {exit.Success, true, `Error: unknown command "zzzz" for "ectl user"; see 'ectl user --help'`},
		"user -- add bob":             {exit.Success, true, `Error: unknown command "add" for "ectl user"`},
		"user create bob --roles app": {exit.Error, false, `Error: unknown command "create" for "ectl user"; did you mean add?`},
		"help user creat":             {exit.Success, true, `Error: unknown command "creat" for "ectl user"; did you mean add?`},
		"help -- us creat":            {exit.Success, true, `Error: unknown command "creat" for "ectl user"; did you mean add?`},
		"help creat":                  {exit.Success, false, `Unknown help topic: unknown command "creat" for "ectl"; did you mean put?`},
		// The groups of ectl are stricter.
		"rbac exprot":         {exit.Error, false, `Error: unknown command "exprot" for "ectl rbac"; did you mean export?`},
		"rbac exprot --help":  {exit.Error, false, `Error: unknown command "exprot" for "ectl rbac"; did you mean export?`},
		"rbac -- export":      {exit.Error, false, `Error: unknown command "export" for "ectl rbac"`},
		"help rbac exprot":    {exit.Error, false, `Error: unknown command "exprot" for "ectl rbac"; did you mean export?`},
		"rbac diff -f p.yaml": {exit.Error, false, `did you mean plan?`},
		"rbac zzzz":           {exit.Error, false, `see 'ectl rbac --help'`},
		// Below the root, an unknown word is an error of etcdctl, too.
		"usr":            {exit.Error, false, `Error: unknown command "usr" for "ectl"; did you mean user?`},
		"usr --nonsense": {exit.Error, false, `Error: unknown command "usr" for "ectl"; did you mean user?`},
		"nonsense":       {exit.Error, false, `Error: unknown command "nonsense" for "ectl"; see 'ectl --help'`},
		"status":         {exit.Error, false, `did you mean endpoint status or auth status?`},
		"health":         {exit.Error, false, `did you mean endpoint health?`},
		"backup f":       {exit.Error, false, `did you mean snapshot save?`},
		"restore f":      {exit.Error, false, `did you mean etcdutl snapshot restore?`},
		"signin":         {exit.Error, false, `did you mean login?`},
		"grant":          {exit.Error, false, `did you mean user grant-role or role grant-permission?`},
		"set k v":        {exit.Error, false, `did you mean put?`},
		"rm k":           {exit.Error, false, `did you mean del?`},
		"unset k":        {exit.Error, false, `did you mean del?`},
		"create k":       {exit.Error, false, `did you mean put?`},
		"show k":         {exit.Error, false, `did you mean get?`},
		"describe k":     {exit.Error, false, `did you mean get?`},
		"cluster-health": {exit.Error, false, `did you mean endpoint health?`},
		"useradd bob":    {exit.Error, false, `did you mean user add?`},
		"member-list":    {exit.Error, false, `did you mean member list?`},
		"hashkv":         {exit.Error, false, `did you mean endpoint hashkv?`},
		"l":              {exit.Error, false, `did you mean ls, lease or lock?`},
	} {
		t.Run(line, func(t *testing.T) {
			got := runIt(t, strings.Fields(line)...)
			if got.code != want.code || (got.out != "") != want.help || !strings.Contains(got.err, want.err) || strings.Count(got.err, "\n") != 1 {
				t.Errorf("it ends with %d, prints %q and on stderr %q; want %d, help %t, and one line with %q", got.code, got.out, got.err, want.code, want.help, want.err)
			}
		})
	}
	for _, args := range [][]string{{"rbac", ""}, {"user", ""}} { // an empty variable of a script
		got := runIt(t, args...)
		if own := args[0] == "rbac"; (got.code == exit.Error) != own || (got.out == "") != own || !strings.Contains(got.err, `unknown command ""`) {
			t.Errorf("%q ends with %d, prints %q and on stderr %q", args, got.code, got.out, got.err)
		}
	}
	for _, line := range []string{"rbac", "user", "help", "help rbac", "help user add", "user --help", "user add --help", "help help", "user help", "rbac help"} {
		if got := runIt(t, strings.Fields(line)...); got.code != exit.Success || got.out == "" || got.err != "" {
			t.Errorf("%s ends with %d and %q on stderr, want help", line, got.code, got.err)
		}
	}
}

func TestAFlagThatIsUnknownLeadsToTheOneThatIsMeant(t *testing.T) {
	for line, want := range map[string]string{
		"get k --prefx":               "unknown flag: --prefx; did you mean --prefix?",
		"get k --recursive":           "unknown flag: --recursive; did you mean --prefix?",
		"user list --endpoint a:1":    "unknown flag: --endpoint; did you mean --endpoints?",
		"user list --username root":   "did you mean --user?",
		"user list --ca-file x":       "did you mean --cacert?",
		"user list --output json":     "did you mean --write-out?",
		"user list -o json":           "unknown shorthand flag: 'o' in -o; did you mean --write-out?",
		"user list --timeout 5s":      "did you mean --command-timeout?",
		"user list --recursive":       "unknown flag: --recursive; see 'ectl user list --help'",
		"user list -x":                "see 'ectl user list --help'",
		"lock l sh -c exit":           "put a command with options after --: -- sh -c exit; see 'ectl lock --help'",
		"user list --hexx":            "did you mean --hex?",
		"user add bob --no-passwrod":  "did you mean --no-password?",
		"put k v --ttl 5":             "did you mean --lease?",
		"rbac apply --force":          "did you mean --yes?",
		"user list --command-timeout": "see 'ectl user list --help'",
		"get k --command-timeout 60":  `missing unit in duration "60"; did you mean 60s?`,
		"lock l --grace 5":            "did you mean 5s?",
		"get k --limit ten":           "want a whole number",
		"get k --max-recv-bytes 10MB": "did you mean 10485760?",
	} {
		t.Run(line, func(t *testing.T) {
			if got := runIt(t, strings.Fields(line)...); got.code != exit.Error || got.out != "" || !strings.Contains(got.err, want) {
				t.Errorf("it ends with %d, %q and %q, want 1 and %q", got.code, got.out, got.err, want)
			}
		})
	}
}

// A suggestion must be something that the user can type.
func TestEverySuggestionExists(t *testing.T) {
	root := newTestRoot()
	names, flags := suggest.OtherPrograms(), map[string]bool{}
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		names = append(names, cmd.Name(), strings.TrimPrefix(cmd.CommandPath(), "ectl "))
		for _, set := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags()} {
			set.VisitAll(func(flag *pflag.Flag) { flags[flag.Name] = true })
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(root)
	for word, suggestions := range suggest.Commands() {
		for _, name := range suggestions {
			if !slices.Contains(names, name) {
				t.Errorf("%q leads to %q, which is no command", word, name)
			}
		}
	}
	for _, table := range []map[string][]string{suggest.Flags(), suggest.Shorthands()} {
		for word, suggestions := range table {
			for _, name := range suggestions {
				if !flags[name] {
					t.Errorf("%q leads to --%s, which does not exist", word, name)
				}
			}
		}
	}
}

func TestAValueThatIsUnknownLeadsToTheOneThatIsMeant(t *testing.T) {
	for line, want := range map[string]struct {
		code exit.Code
		err  string
	}{
		"user list -w jsn":                  {exit.BadFeature, `unsupported output format "jsn"; did you mean json?`},
		"user list -w JSON":                 {exit.BadFeature, `did you mean json?`},
		"user list -w yml":                  {exit.BadFeature, `did you mean yaml?`},
		"user list -w xml":                  {exit.BadFeature, `the formats are simple,`},
		"user list -w md":                   {exit.BadFeature, `the formats are simple,`}, // not of this command
		"rbac lint -w md":                   {exit.BadFeature, `did you mean markdown?`},
		"get k --order ascnd":               {exit.BadFeature, `did you mean ASCEND?`},
		"get k --sort-by verzion":           {exit.BadFeature, `did you mean VERSION?`},
		"snapshot save f --pick leadr":      {exit.BadFeature, `did you mean leader?`},
		"rbac can-i raed /k":                {exit.BadArgs, `did you mean read?`},
		"rbac who-can rw /k":                {exit.BadArgs, `did you mean readwrite?`},
		"role grant-permission app wirte k": {exit.BadArgs, `did you mean write?`},
		"role grant-permission app rw k":    {exit.BadArgs, `did you mean readwrite?`},
		"completion bahs":                   {exit.Error, `invalid argument "bahs" for "ectl completion"; did you mean bash?`},
		"completion pwsh":                   {exit.Error, `did you mean powershell?`},
		"completion tcsh":                   {exit.Error, `the shells are bash, zsh, fish, powershell`},
	} {
		t.Run(line, func(t *testing.T) {
			if got := runIt(t, strings.Fields(line)...); got.code != want.code || got.out != "" || !strings.Contains(got.err, want.err) {
				t.Errorf("it ends with %d, %q and %q, want %d and %q", got.code, got.out, got.err, want.code, want.err)
			}
		})
	}
}

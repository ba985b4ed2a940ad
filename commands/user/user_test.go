package user

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/exit"
)

func TestAddSplitsNameAndPassword(t *testing.T) {
	interactive := cli.NewPassword{Interactive: true, AllowEmpty: true}
	given := func(password string) cli.NewPassword {
		return cli.NewPassword{AllowEmpty: true, Interactive: true, Value: password, Given: true}
	}
	for line, want := range map[string]addOptions{
		"bob":                    {Name: "bob", Password: interactive},
		"bob:pw":                 {Name: "bob", Password: given("pw")},
		"bob:p:w":                {Name: "bob", Password: given("p:w")},
		"bob:":                   {Name: "bob", Password: given("")},
		"bob::":                  {Name: "bob", Password: given(":")},
		"a:b --no-password":      {Name: "a:b", Password: interactive, NoPassword: true},
		"bob --if-not-exists":    {Name: "bob", Password: interactive, IfNotExists: true},
		"bob --interactive=0":    {Name: "bob", Password: cli.NewPassword{AllowEmpty: true}},
		"bob:pw --interactive=0": {Name: "bob", Password: cli.NewPassword{AllowEmpty: true, Value: "pw", Given: true}},

		"a:b --no-password --roles x,y": {Name: "a:b", Password: interactive, NoPassword: true, Roles: []string{"x", "y"}, rolesGiven: true},
		"bob --roles x --roles y,x":     {Name: "bob", Password: interactive, Roles: []string{"x", "y"}, rolesGiven: true},

		"a:b --new-user-password x": {Name: "a:b", Password: cli.NewPassword{AllowEmpty: true, Interactive: true, Value: "x"}},
		// etcdctl lets --no-password win.
		"a --no-password --new-user-password x":     {Name: "a", Password: cli.NewPassword{AllowEmpty: true, Interactive: true, Value: "x"}, NoPassword: true},
		"a:b --new-user-password-file /dev/null":    {Name: "a:b", Password: cli.NewPassword{AllowEmpty: true, Interactive: true, File: "/dev/null"}},
		"a:b --generate-password":                   {Name: "a:b", Password: cli.NewPassword{AllowEmpty: true, Interactive: true, Generate: true}},
		"bob --generate-password -w json":           {Name: "bob", Password: cli.NewPassword{AllowEmpty: true, Interactive: true, Generate: true}},
		"--new-user-password=x -- -b":               {Name: "-b", Password: cli.NewPassword{AllowEmpty: true, Interactive: true, Value: "x"}},
		"a:b --new-user-password= --user=root:root": {Name: "a", Password: given("b")},
	} {
		t.Run(line, func(t *testing.T) {
			run, got := clitest.New(""), addOptions{}
			if err := run.Execute(t.Context(), newAddCmd(clitest.Completed(run, &got)), strings.Fields(line)...); err != nil {
				t.Errorf("user add %s: %v", line, err)
			} else if !reflect.DeepEqual(got, want) {
				t.Errorf("user add %s is asked to do %+v, want %+v", line, got, want)
			}
		})
	}
}

func TestWrongCommandLinesAreRefusedBeforeAnythingElse(t *testing.T) {
	tooLong := strings.Repeat("n", access.MaxName+1)
	for line, want := range map[string]struct {
		code exit.Code
		says string
	}{
		"add":     {exit.BadArgs, "a user name"},
		"add a b": {exit.BadArgs, "a user name"},
		"add :pw": {exit.BadArgs, "user name is empty"},
		"add :":   {exit.BadArgs, "user name is empty"},
		"add a --no-password --generate-password":                        {exit.BadArgs, "--no-password and --generate-password"},
		"add a --no-password --new-user-password-file f":                 {exit.BadArgs, "--no-password and --new-user-password-file"},
		"add a --new-user-password x --generate-password":                {exit.BadArgs, "--new-user-password and --generate-password"},
		"add a --new-user-password-file f --new-user-password x":         {exit.BadArgs, "--new-user-password and --new-user-password-file"},
		"add a --generate-password --new-user-password-file f":           {exit.BadArgs, "--new-user-password-file and --generate-password"},
		"add a --generate-password -w protobuf":                          {exit.BadFeature, "protobuf"},
		"add a -w xml":                                                   {exit.BadFeature, "xml"},
		"add a --nonsense":                                               {exit.Error, "nonsense"},
		"add a --roles=":                                                 {exit.BadArgs, "--roles contains an empty name"},
		"add a --roles b,":                                               {exit.BadArgs, "--roles contains an empty name"},
		"add a --roles b\"c":                                             {exit.BadArgs, "in double quotes"},
		"add " + tooLong + " --no-password":                              {exit.BadArgs, "the name of the user has 32769 bytes"},
		"add " + tooLong + ":pw":                                         {exit.BadArgs, "the name of the user has 32769 bytes"},
		"add " + tooLong + " --no-password --roles a":                    {exit.BadArgs, "the name of the user has 32769 bytes"},
		"get-cert " + tooLong + " --create --csr-out f --out-key-file k": {exit.BadArgs, "the name of the user has 32769 bytes"},
		"passwd": {exit.BadArgs, "a user name"},
		"passwd a --generate-password -w protobuf":                {exit.BadFeature, "protobuf"},
		"passwd a --generate-password --new-user-password-file f": {exit.BadArgs, "choose one"},
		"passwd a --no-password":                                  {exit.Error, "no-password"},
		"offboard":                                                {exit.BadArgs, "a user name"},
		"offboard root":                                           {exit.BadArgs, "root cannot be offboarded"},
		"offboard bob --user bob:pw":                              {exit.BadArgs, "the user that runs this command"},
		"check-password":                                          {exit.BadArgs, "a user name"},
		"check-password a --user-password-file no-such-file":      {exit.BadArgs, "--user-password-file: open no-such-file"},
		"check-password a -w html":                                {exit.BadFeature, "protobuf"},
		"get-cert":                                                {exit.BadArgs, "a user name"},
		"get-cert a b":                                            {exit.BadArgs, "a user name"},
		"get-cert a":                                              {exit.BadArgs, "give --out-file, --out-key-file, --ca-key"},
		"get-cert a --out-file f --out-key-file f --ca-key k":     {exit.BadArgs, "both files have the same path"},
		"get-cert a --out-file x/../f --out-key-file ./f --ca-key k":                 {exit.BadArgs, "both files have the same path"},
		"get-cert a --csr-out f":                                                     {exit.BadArgs, "give --out-key-file"},
		"get-cert a --csr-out f --out-key-file f":                                    {exit.BadArgs, "both files have the same path"},
		"get-cert a --csr-out f --out-key-file k --ca-key k":                         {exit.BadArgs, "--ca-key cannot be combined with --csr-out"},
		"get-cert a --csr-out f --out-key-file k --ttl 1d":                           {exit.BadArgs, "--ttl cannot be combined with --csr-out"},
		"get-cert a --csr r --out-file f":                                            {exit.BadArgs, "give --out-file, --ca-key"},
		"get-cert a --csr r --out-file f --out-key-file k":                           {exit.BadArgs, "--out-key-file cannot be combined with --csr"},
		"get-cert a --csr r --key-type ed25519":                                      {exit.BadArgs, "--key-type cannot be combined with --csr"},
		"get-cert a --csr - --ca-key - --out-file f":                                 {exit.BadArgs, "cannot both be standard input"},
		"get-cert a --out-file f --out-key-file k --ca-key c --key-type dsa":         {exit.BadFeature, "ecdsa-p256"},
		"get-cert a --out-file f --out-key-file k --ca-key c --ttl 0d":               {exit.BadArgs, "must be positive"},
		"get-cert a --out-file f --out-key-file k --ca-key c --ttl -1h":              {exit.Error, "90d, 1d12h or 36h"},
		"get-cert a --out-file f --out-key-file k --ca-key c --ttl 90":               {exit.Error, "90d, 1d12h or 36h"},
		"get-cert a --out-file f --out-key-file k --ca-key c --ttl 40000d":           {exit.Error, "hundred years"},
		"get-cert a --out-file f --out-key-file k --ca-key c --renew-before 0d":      {exit.BadArgs, "must be positive"},
		"get-cert a --out-file f --out-key-file k --ca-key c --renew-before 90d":     {exit.BadArgs, "every run"},
		"get-cert a --out-file f --out-key-file k --ca-key c":                        {exit.BadArgs, "no authority given"},
		"get-cert a --out-file f --out-key-file k --ca-key c --ca-cert no-such-file": {exit.BadArgs, "--ca-cert: open no-such-file"},
		"get-cert a --out-file f --out-key-file k --ca-key c -w html":                {exit.BadFeature, "protobuf"},
		"delete":           {exit.BadArgs, "a user name"},
		"delete a b":       {exit.BadArgs, "a user name"},
		"get":              {exit.BadArgs, "a user name"},
		"get a -w JSON":    {exit.BadFeature, "JSON"},
		"list a":           {exit.BadArgs, "no arguments"},
		"grant-role a":     {exit.BadArgs, "a user name and a role name"},
		"grant-role a b c": {exit.BadArgs, "a user name and a role name"},
		"revoke-role a":    {exit.BadArgs, "a user name and a role name"},
	} {
		t.Run(line[:min(len(line), 60)], func(t *testing.T) {
			// Nothing listens at port 1: what is refused only later ends otherwise.
			run := clitest.New("pw\npw\n", "ETCDCTL_ENDPOINTS=127.0.0.1:1", "ETCDCTL_COMMAND_TIMEOUT=1ms")
			err := run.Execute(t.Context(), NewCmd(run.Factory), strings.Fields(line)...)
			if exit.CodeOf(err) != want.code || err == nil || !strings.Contains(err.Error(), want.says) {
				t.Errorf("user %s: error %v with status %d, want status %d and the text %q", line, err, exit.CodeOf(err), want.code, want.says)
			}
			if run.Out.Len() > 0 {
				t.Errorf("user %s was refused and printed %q", line, &run.Out)
			}
		})
	}
}

func TestTheOtherCommandsTakeTheirNames(t *testing.T) {
	run := clitest.New("")
	var passwd passwdOptions
	if err := run.Execute(t.Context(), newPasswdCmd(clitest.Completed(run, &passwd)), "a:b", "--interactive=false"); err != nil || passwd != (passwdOptions{Name: "a:b", Password: cli.NewPassword{AllowEmpty: true}}) {
		t.Errorf("user passwd is asked to do %+v, %v; want the whole argument as the name", passwd, err)
	}
	run = clitest.New("")
	var del deleteOptions
	if err := run.Execute(t.Context(), newDeleteCmd(clitest.Completed(run, &del)), "--if-exists", "bob"); err != nil || del != (deleteOptions{"bob", true}) {
		t.Errorf("user delete is asked to do %+v, %v", del, err)
	}
	run = clitest.New("")
	var get getOptions
	if err := run.Execute(t.Context(), newGetCmd(clitest.Completed(run, &get)), "bob", "--detail"); err != nil || get != (getOptions{"bob", true}) {
		t.Errorf("user get is asked to do %+v, %v", get, err)
	}
	run = clitest.New("")
	var grant grantRoleOptions
	if err := run.Execute(t.Context(), newGrantRoleCmd(clitest.Completed(run, &grant)), "bob", "app"); err != nil || grant != (grantRoleOptions{User: "bob", Role: "app"}) {
		t.Errorf("user grant-role is asked to do %+v, %v", grant, err)
	}
	run = clitest.New("")
	var revoke revokeRoleOptions
	if err := run.Execute(t.Context(), newRevokeRoleCmd(clitest.Completed(run, &revoke)), "bob", "app", "--if-exists"); err != nil || revoke != (revokeRoleOptions{"bob", "app", true}) {
		t.Errorf("user revoke-role is asked to do %+v, %v", revoke, err)
	}
}

func TestDurationsAreGivenInDays(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90d": 90 * day, "1d12h": 36 * time.Hour, "36h": 36 * time.Hour, "30m": 30 * time.Minute, "0d": 0, "365d0h": 365 * day,
	} {
		t.Run(text, func(t *testing.T) {
			var got days
			if err := got.Set(text); err != nil || time.Duration(got) != want {
				t.Errorf("%s is %s, %v; want %s", text, time.Duration(got), err, want)
			}
		})
	}
	for _, text := range []string{"", "d", "1.5d", "-1d", "1d-2h", "1h1d", "90", "1w", "99999d", "9999999h", "x"} {
		t.Run(text, func(t *testing.T) {
			var got days
			if err := got.Set(text); err == nil {
				t.Errorf("%q is %s, want an error", text, time.Duration(got))
			}
		})
	}
	for want, d := range map[string]days{"90d": days(defaultTTL), "12h0m0s": days(12 * time.Hour), "": 0} {
		t.Run(want, func(t *testing.T) {
			if got := d.String(); got != want {
				t.Errorf("%s is written as %q, want %q", time.Duration(d), got, want)
			}
		})
	}
}

func TestThePasswordOfTheLoginIsNotTheNewOne(t *testing.T) {
	for line, warns := range map[string]bool{
		"add x --no-password --password pw":             true,
		"passwd x --interactive=false --password pw":    true,
		"add x --no-password --user root --password pw": false,
		"add x --no-password":                           false,
	} {
		t.Run(line, func(t *testing.T) {
			run := clitest.New("", "ETCDCTL_ENDPOINTS=localhost")
			_ = run.Execute(t.Context(), NewCmd(run.Factory), strings.Fields(line)...)
			if got := strings.Contains(run.Err.String(), "Warning: --password is the password of the login (--user), not the new password"); got != warns {
				t.Errorf("stderr %q, want the warning %t", run.Err.String(), warns)
			}
		})
	}
}

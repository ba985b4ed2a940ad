package lock

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ectl-io/ectl/commands/clitest"
	"github.com/ectl-io/ectl/internal/exit"
)

func TestALockTakesANameAndACommand(t *testing.T) {
	ten := holding{TTL: 10, Grace: 5 * time.Second}
	for line, want := range map[string]lockOptions{
		"name":                        {Name: "name", Command: []string{}, holding: ten},
		"name echo hi":                {Name: "name", Command: []string{"echo", "hi"}, holding: ten},
		"name -- echo --ttl 3 -n":     {Name: "name", Command: []string{"echo", "--ttl", "3", "-n"}, holding: ten},
		"-- name echo -n":             {Name: "name", Command: []string{"echo", "-n"}, holding: ten},
		"name -- echo -- x":           {Name: "name", Command: []string{"echo", "--", "x"}, holding: ten},
		"name --ttl 3 --grace 1m run": {Name: "name", Command: []string{"run"}, holding: holding{TTL: 3, Grace: time.Minute}},
	} {
		t.Run(line, func(t *testing.T) {
			run, got := clitest.New(""), lockOptions{}
			cmd := NewLockCmd(clitest.Completed(run, &got))
			if err := run.Execute(t.Context(), cmd, strings.Fields(line)...); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("lock %s is %+v (%v), want %+v", line, got, err, want)
			}
		})
	}
	run := clitest.New("")
	if err := run.Execute(t.Context(), NewLockCmd(run.Factory)); exit.CodeOf(err) != exit.BadArgs {
		t.Errorf("lock without a name is %v, want status %d", err, exit.BadArgs)
	}
}

func TestAnElectionTakesAProposalOrAListener(t *testing.T) {
	minute := holding{TTL: 60, Grace: 5 * time.Second}
	for line, want := range map[string]electOptions{
		"name mine":             {Name: "name", Proposal: "mine", holding: minute},
		"name -- mine":          {Name: "name", Proposal: "mine", holding: minute},
		"-- name -l":            {Name: "name", Proposal: "-l", holding: minute},
		"name mine --proclaim":  {Name: "name", Proposal: "mine", Proclaim: true, holding: minute},
		"name mine -- run -l x": {Name: "name", Proposal: "mine", Command: []string{"run", "-l", "x"}, holding: minute},
		"name -l":               {Name: "name", Listen: true, holding: minute},
		"--listen name":         {Name: "name", Listen: true, holding: minute},
	} {
		t.Run(line, func(t *testing.T) {
			run, got := clitest.New(""), electOptions{}
			cmd := NewElectCmd(clitest.Completed(run, &got))
			if err := run.Execute(t.Context(), cmd, strings.Fields(line)...); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("elect %s is %+v (%v), want %+v", line, got, err, want)
			}
		})
	}
	for _, line := range []string{"", "name", "name two words", "name -- two words", "-- name two words", "name mine -l", "name -l -- mine", "name -l --proclaim", "name -l --proclaim -- run"} {
		t.Run(line, func(t *testing.T) {
			run := clitest.New("")
			if err := run.Execute(t.Context(), NewElectCmd(run.Factory), strings.Fields(line)...); exit.CodeOf(err) != exit.BadArgs {
				t.Errorf("elect %s is %v, want status %d", line, err, exit.BadArgs)
			}
		})
	}
}

func TestATTLOfNoTimeIsTheDefaultOfElections(t *testing.T) {
	for ttl, want := range map[int]int64{10: 10, 1: 1, 0: 60, -5: 60} {
		if got := (&holding{TTL: ttl}).seconds(); got != want {
			t.Errorf("--ttl %d asks for %d seconds, want %d", ttl, got, want)
		}
	}
}

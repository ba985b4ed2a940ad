package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/ectl-io/ectl/internal/iostreams"
	"github.com/ectl-io/ectl/output"
)

func TestColoursOfMessagesAndAnswers(t *testing.T) {
	const red, yellow, green, end = "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"
	for _, c := range []struct {
		program  string
		terminal bool
		environ  string
		line     string
		wantErr  bool // colours on standard error
		wantOut  bool // colours on standard output
	}{
		{"ectl", true, "TERM=xterm", "", true, true},
		{"ectl", false, "TERM=xterm", "", false, false},
		{"ectl", true, "TERM=dumb", "", false, false},
		{"ectl", true, "", "", false, false},
		{"ectl", true, "TERM=xterm NO_COLOR=1", "", false, false},
		{"ectl", true, "TERM=xterm NO_COLOR=", "", true, true},
		{"ectl", true, "TERM=xterm NO_COLOR=1", "--color=always", true, true},
		{"ectl", false, "", "--color=always", true, true},
		{"ectl", true, "TERM=xterm", "--color=never", false, false},
		{"ectl", true, "TERM=xterm", "--color=auto", true, true},
		{"ectl", true, "TERM=xterm ECTL_COLOR=never", "", false, false},
		{"ectl", true, "TERM=xterm ECTL_COLOR=never", "--color=always", true, true},
		{"ectl", false, "ECTL_COLOR=always", "", true, true},
		{EtcdctlName, true, "TERM=xterm", "", true, false}, // its standard output is etcdctl's
	} {
		var out, err bytes.Buffer
		f := NewFactory(c.program, &iostreams.Streams{
			In: strings.NewReader(""), Out: &out, Err: &err, Environ: strings.Fields(c.environ),
			OutIsTerminal: c.terminal, ErrIsTerminal: c.terminal,
		})
		flags := pflag.NewFlagSet(c.program, pflag.ContinueOnError)
		f.BindGlobals(flags)
		if e := flags.Parse(strings.Fields(c.line)); e != nil {
			t.Fatal(e)
		}
		f.SayError(errors.New("before")) // of the command line, before the options are complete
		if e := f.Prepare(); e != nil {
			t.Fatal(e)
		}
		f.Warn("beware \x1b[31m")
		f.SayBad("m1 is unhealthy: \x1b[31m", "unhealthy")
		f.SayError(errors.New("after \x1b[31m"))
		if e := errors.Join(f.Print(output.PasswordChecked{Right: true}), f.Close()); e != nil {
			t.Fatal(e)
		}
		wantErr, wantOut := red+"Error:"+end+" before\n"+yellow+"Warning:"+end+` beware \x1b[31m`+"\nm1 is "+red+"unhealthy"+end+`: \x1b[31m`+"\n"+red+"Error:"+end+` after \x1b[31m`+"\n", green+"yes"+end+"\n"
		plain := strings.NewReplacer(red, "", yellow, "", green, "", end, "")
		if !c.wantErr {
			wantErr = plain.Replace(wantErr)
		}
		if !c.wantOut {
			wantOut = plain.Replace(wantOut)
		}
		if err.String() != wantErr || out.String() != wantOut {
			t.Errorf("%+v: printed\n%q and\n%q, want\n%q and\n%q", c, err.String(), out.String(), wantErr, wantOut)
		}
	}
}

func TestAnInvalidColour(t *testing.T) {
	var out, err bytes.Buffer
	f := NewFactory("ectl", &iostreams.Streams{In: strings.NewReader(""), Out: &out, Err: &err, Environ: []string{"ECTL_COLOR=blue"}})
	flags := pflag.NewFlagSet("ectl", pflag.ContinueOnError)
	f.BindGlobals(flags)
	if e := flags.Parse([]string{"--color=blue"}); e == nil || !strings.Contains(e.Error(), "want auto, always or never") {
		t.Errorf("--color=blue: %v", e)
	}
	if e := f.Prepare(); e != nil || !strings.Contains(err.String(), "ECTL_COLOR is ignored") {
		t.Errorf("ECTL_COLOR=blue: %v, and on stderr %q", e, err.String())
	}
}
